import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { leastIdAt, madeAt, type TenantId } from '#kernel/domain/ids';
import { randomFrom } from '../../src/cli/eval/random.js';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { SECRETS, TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** More than a scan filters, so that rare matches are found by the full-text index. */
const INCIDENTS = 2_400;
const QUERIES = 80;
const HOUR_MS = 3_600_000;

type Words = ReadonlySet<string>;
const SEARCHES: readonly [Search, ...Search[]] = [
  { q: '', isFound: () => true },
  { q: 'lynx', isFound: (words) => words.has('lynx') },
  { q: ' Trouble  HERON7 ', isFound: (words) => words.has('heron7') },
  { q: 'ynx', isFound: () => false },
  { q: 'disk lynx', isFound: (words) => words.has('disk') && words.has('lynx') },
  { q: 'heron7 or lynx', isFound: (words) => words.has('heron7') || words.has('lynx') },
  { q: '-disk heron7', isFound: (words) => words.has('heron7') && !words.has('disk') },
  { q: '"pool lynx"', isFound: (words) => words.has('pool') && words.has('lynx') },
  { q: 'disk queue', isFound: () => false },
];

interface Search {
  readonly q: string;
  readonly isFound: (words: Words) => boolean;
}

interface Listed {
  readonly incidentId: string;
  readonly status: string;
}

let database: TestDatabase;
let server: TestServer;

beforeAll(async () => {
  database = await cloneDatabase();
  // Without a worker there is no triage.
  server = await TestServer.start({ database, env: { ROLE: 'api' } });
});
afterAll(async () => {
  await server.stop();
  await removeDatabase(database);
});

function listOf({ api }: TenantUser, query: Record<string, string>): Promise<Listed[]> {
  return api.all<Listed>(`/v1/incidents?${new URLSearchParams({ limit: '37', ...query }).toString()}`);
}

describe('an incident before triage', () => {
  it('is found by words and facets, before triage and after it', async () => {
    const tenant = await newTenant(server.url);
    const list = (query: Record<string, string>): ReturnType<typeof listOf> => listOf(tenant, query);
    const sender = await AlertSender.of(tenant);
    const sent = await sender.send({
      title: 'Walrus overheated',
      description: 'On the third floor',
      severity: 'low',
      service: 'zoo',
      sourceAlertId: 'walrus',
    });
    const reported = await tenant.api.post('/v1/incidents', {
      ...{ title: 'Walrus asleep', description: 'On the third floor', severity: 'low', service: 'zoo' },
    });
    expect([sent.status, reported.status]).toEqual([202, 201]);
    const queries = [
      { q: 'walrus' },
      { q: 'walrus floor -penguin', sort: 'updatedAt' },
      { q: '"third floor"', service: 'zoo', severity: 'low', order: 'asc' },
      { service: 'zoo', severity: 'low' },
      { service: 'zoo', severity: 'low', sort: 'updatedAt', order: 'asc' },
    ];
    const statuses = async (): Promise<string[][]> =>
      Promise.all(queries.map(async (query) => (await list(query)).map(({ status }) => status)));
    expect(await statuses()).toEqual(queries.map(() => ['triaging', 'triaging']));
    expect(await list({ q: 'walrus', status: 'triaging' })).toHaveLength(2);
    expect(await list({ q: 'walrus', status: 'open' })).toEqual([]);
    expect(await list({ q: 'penguin' })).toEqual([]);

    const worker = await TestServer.start({ database, env: { ROLE: 'worker' } });
    await until('both are triaged', async () =>
      (await statuses()).flat().every((status) => status === 'open'),
    );
    await worker.stop();
    expect(await statuses()).toEqual(queries.map(() => ['open', 'open']));
    expect(await list({ q: 'walrus', status: 'open' })).toHaveLength(2);
    expect(await list({ q: 'walrus', status: 'triaging' })).toEqual([]);
  });
});

/** A new tenant with an earlier creation time, which its id encodes. */
async function tenantSince(createdAt: number): Promise<TenantUser> {
  const young = await newTenant(server.url);
  const tenantId = leastIdAt('ten', new Date(createdAt));
  const both = `${young.tenantId},${tenantId}`;
  await sql(
    database.url,
    `INSERT INTO tenants SELECT (jsonb_populate_record(t, jsonb_build_object('tenant_id', $2::text))).*
       FROM tenants t WHERE tenant_id = $1`,
    [young.tenantId, tenantId],
    both,
  );
  await sql(
    database.url,
    `INSERT INTO users SELECT (jsonb_populate_record(u, jsonb_build_object('tenant_id', $2::text, 'email_key', $2::text))).*
       FROM users u WHERE tenant_id = $1`,
    [young.tenantId, tenantId],
    both,
  );
  const claims = jwt.decode(young.api.token ?? '') as jwt.JwtPayload;
  const token = jwt.sign({ ...claims, tenant_id: tenantId }, SECRETS.JWT_SECRET);
  return { ...young, tenantId, api: new Api(server.url, token) };
}

describe.each([
  ['of a few seconds', 1],
  ['of nearly two years', 6 * HOUR_MS],
])('with many incidents %s on both sides of triage', (_, apart) => {
  /** The expected data: words are not parsed by the database. */
  interface Known {
    readonly incident_id: string;
    readonly at: number;
    readonly updated: number;
    readonly words: string;
    readonly facets: Readonly<Record<string, string>>;
  }
  let tenant: TenantUser;
  let known: Known[];
  let start: number;
  const random = randomFrom(11);
  const below = (limit: number): number => Math.floor(random() * limit);
  const oneOf = <T>(values: readonly [T, ...T[]]): T => values[below(values.length)] ?? values[0];

  beforeAll(async () => {
    const now = Date.now();
    tenant = await tenantSince(now - INCIDENTS * apart);
    start = madeAt(tenant.tenantId as TenantId).getTime();
    known = Array.from({ length: INCIDENTS }, (_, n) => ({
      incident_id: leastIdAt('inc', new Date(start + n * apart)),
      at: start + n * apart,
      updated: Math.min(start + (n + below(INCIDENTS)) * apart, now),
      words: [
        oneOf(['disk', 'queue', 'pool']),
        ...(below(60) === 0 ? ['lynx'] : []),
        ...(below(200) === 0 ? ['heron7'] : []),
      ].join(' '),
      facets: {
        status: oneOf(['triaging', 'triaging', 'open', 'resolved', 'investigating']),
        severity: oneOf(['high', 'high', 'low', 'low', below(30) === 0 ? 'info' : 'high']),
        service: oneOf(['cart', 'cart', 'tax', below(20) === 0 ? 'mail' : 'cart']),
      },
    }));
    await sql(
      database.url,
      `INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, service, created_at, updated_at)
       SELECT $1, incident_id, 'Trouble', words, facets->>'severity', facets->>'status', 'automated', facets->>'service',
              to_timestamp(at / 1000.0), to_timestamp(updated / 1000.0)
         FROM json_to_recordset($2) AS t (incident_id text, at float8, updated float8, words text, facets jsonb)`,
      [tenant.tenantId, JSON.stringify(known)],
      tenant.tenantId,
    );
  });

  it('each list finds each of them once, in order, over all its pages', async () => {
    const nonEmpty = new Set<string>();
    for (let each = 0; each < QUERIES; each += 1) {
      const { q, isFound } = oneOf(SEARCHES);
      const facets = {
        ...(below(3) === 0 && { status: oneOf(['triaging', 'open', 'resolved']) }),
        ...(below(3) === 0 && { severity: oneOf(['high', 'low', 'info']) }),
        ...(below(3) === 0 && { service: oneOf(['cart', 'mail']) }),
      };
      const from = below(4) === 0 ? start + below(INCIDENTS * apart) : undefined;
      const to = below(4) === 0 ? start + below(INCIDENTS * apart) : undefined;
      const sort = oneOf(['createdAt', 'updatedAt']);
      const order = oneOf(['asc', 'desc']);
      const expected = known
        .filter(
          (one) =>
            isFound(new Set(one.words.split(' '))) &&
            Object.entries(facets).every(([name, value]) => one.facets[name] === value) &&
            (from === undefined || one.at >= from) &&
            (to === undefined || one.at < to),
        )
        .sort((a, b) => (sort === 'updatedAt' ? a.updated - b.updated : 0) || compare(a, b));
      if (order === 'desc') expected.reverse();
      const query = {
        ...{ sort, order, ...facets, limit: String(40 + below(61)) },
        ...(q && { q }),
        ...(from !== undefined && { from: new Date(from).toISOString() }),
        ...(to !== undefined && { to: new Date(to).toISOString() }),
      };
      const found = await listOf(tenant, query);
      expect([query, found.map(({ incidentId }) => incidentId)]).toEqual([
        query,
        expected.map(({ incident_id }) => incident_id),
      ]);
      if (expected.length > 0) nonEmpty.add(JSON.stringify([q, Object.keys(facets)]));
    }
    expect(nonEmpty.size).toBeGreaterThan(20);
  });

  function compare(a: Known, b: Known): number {
    return a.incident_id < b.incident_id ? -1 : 1;
  }
});
