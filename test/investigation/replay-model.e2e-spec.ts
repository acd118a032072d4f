import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { TestServer } from '../support/server.js';
import { codes } from '../remediation/plan.js';
import { ended, minutesAgo, openQuietIncident, start } from './cases.js';
import { type ModelRequest, cited, logEvidence, FakeModelServer, type Reply } from './fake-model-server.js';

interface Opinion {
  readonly model: string | null;
  readonly explanation: readonly string[];
}

interface Replay {
  readonly error?: string;
  readonly isSame: boolean;
  readonly review: {
    readonly isSame: boolean;
    readonly recorded: Opinion;
    readonly replayed: Opinion;
    readonly added: readonly string[];
    readonly dropped: readonly string[];
    readonly message: string;
    readonly spent: { readonly turns: number; readonly tokens: number; readonly costUsd: number };
  } | null;
}

const EMAIL = 'grace.hopper@example.com';
const ERROR_LINE = 'connection pool exhausted';
const SAYS: Readonly<Record<string, string>> = {
  'gpt-4o-mini': 'The pool of connections ran out.',
  'gpt-4.1': 'Every connection was taken.',
};

let model: FakeModelServer;
let server: TestServer;
let plain: TestServer;
let tenant: TenantUser;
let incidentId: string;
beforeAll(async () => {
  model = await FakeModelServer.start();
  model.respond = byName;
  const env = {
    LLM_PROVIDER: 'openai-compatible',
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'gpt-4o-mini',
    LLM_REPLAY_MODELS: 'gpt-4.1,gpt-5',
  };
  [server, plain] = await Promise.all([TestServer.start({ env }), TestServer.start()]);
  tenant = await newTenant(server.url);
  incidentId = await investigated(tenant);
});
afterAll(() => Promise.all([server.stop(), plain.stop(), model.stop()]));
beforeEach(() => {
  model.forget();
  model.respond = byName;
});

/** Each model explains the same line with a sentence of its own. */
function byName(request: ModelRequest, turn: number): Reply {
  if (turn === 1) return { calls: [{ name: 'list_evidence', input: {} }] };
  const sentence = SAYS[request.model] ?? 'Nobody knows.';
  const explanation = [cited(sentence, ERROR_LINE, logEvidence(request))];
  return { calls: [{ name: 'report', input: { explanation, hypotheses: [], isFinal: true } }] };
}

async function investigated(of: TenantUser): Promise<string> {
  const id = await openQuietIncident(of);
  const content = Array.from({ length: 60 }, (_, at) => ({
    timestamp: minutesAgo(60 - at),
    entity: 'checkout',
    level: at < 52 ? 'info' : 'error',
    message: at < 52 ? `login of ${EMAIL}` : `${ERROR_LINE} for ${EMAIL}`,
  }));
  await of.api.post(`/v1/incidents/${id}/evidence`, { type: 'log', source: 'loki', content });
  await start(of, id);
  await ended(of, id);
  // Wait for the reactions to its end, so that only a replay could change a table from now on.
  await untilIdle(server.database, of.tenantId);
  return id;
}

function replay(query: string, api = tenant.api) {
  return api.get<Replay>(`/v1/investigation/${incidentId}/replay?${query}`);
}

/** A digest of every row of every table but the one that counts requests. */
async function everything(): Promise<Record<string, string>> {
  const { url } = server.database;
  const tables = await sql<{ name: string }>(
    url,
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
      WHERE schemaname IN ('public', 'graphile_worker') ORDER BY 1`,
  );
  const digests: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await sql<{ digest: string }>(
      url,
      `SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') AS digest FROM ${name} t`,
      [],
      tenant.tenantId,
    );
    digests[name] = row?.digest ?? '';
  }
  return digests;
}

describe('a replay with a model', () => {
  it('lets another model review the same evidence, lists the differences, and changes no row', async () => {
    const before = await everything();
    expect(Object.keys(before).length).toBeGreaterThan(20);
    const { status, body } = await replay('model=gpt-4.1');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      isSame: true,
      review: {
        isSame: false,
        recorded: { model: 'gpt-4o-mini', explanation: [SAYS['gpt-4o-mini']] },
        replayed: { model: 'gpt-4.1', explanation: [SAYS['gpt-4.1']] },
        added: [SAYS['gpt-4.1']],
        dropped: [SAYS['gpt-4o-mini']],
      },
    });
    // 1,000 tokens read at 2 and 100 written at 8 dollars a million, twice.
    expect(body.review?.spent).toMatchObject({ turns: 2, tokens: 2_200 });
    expect(body.review?.spent.costUsd).toBeCloseTo(0.0056, 6);
    expect(model.requests.map(({ body }) => body.model)).toEqual(['gpt-4.1', 'gpt-4.1']);
    for (const { raw } of model.requests) expect(raw).not.toContain(EMAIL);
    expect(await everything()).toEqual(before);
  });

  it('gives the same result with the same model', async () => {
    const { body } = await replay('model=gpt-4o-mini');
    expect(body.review).toMatchObject({ isSame: true, added: [], dropped: [] });
  });

  it('calls no model unless one is named', async () => {
    expect((await replay('policy=outcome/2')).body.review).toBeNull();
    expect(model.requests).toHaveLength(0);
  });

  it('reports when the model is unavailable', async () => {
    model.respond = () => ({ status: 500 });
    const { status, body } = await replay('model=gpt-5');
    expect(status).toBe(200);
    expect(body).toMatchObject({ isSame: true, review: { replayed: { model: 'gpt-5', explanation: [] } } });
    expect(body.review?.message).toContain('answered with status 500');
  });

  it('refuses a model that is not configured, a replay from inputs, and an API key', async () => {
    for (const query of ['model=gpt-9', 'model=gpt-4.1&from=inputs', 'model='])
      expect(codes([await replay(query)])).toEqual({ '400 validation_error': 1 });
    const key = await programOf(tenant, 'incidents:read');
    expect((await replay('', key)).status).toBe(200);
    expect(codes([await replay('model=gpt-4.1', key)])).toEqual({ '403 forbidden': 1 });
    const other = await newTenant(plain.url);
    const id = await openQuietIncident(other);
    const unconfigured = await other.api.get<Replay>(`/v1/investigation/${id}/replay?model=gpt-4.1`);
    expect(codes([unconfigured])).toEqual({ '400 validation_error': 1 });
    expect(model.requests).toHaveLength(0);
  });
});
