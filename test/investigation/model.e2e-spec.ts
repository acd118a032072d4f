import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { ALERT, ended, type Investigation, openQuietIncident, start } from './cases.js';
import { type ModelRequest, cited, logEvidence, FakeModelServer, type Reply } from './fake-model-server.js';

type Run = Omit<Investigation, 'hypotheses' | 'steps'> & {
  readonly explanation: string | null;
  readonly steps: readonly (Investigation['steps'][number] & { readonly message: string })[];
  readonly hypotheses: readonly {
    readonly statement: string;
    readonly status: string;
    readonly proposedBy: string;
  }[];
};

interface ModelCall {
  readonly turn: number;
  readonly sentHash: string;
  readonly masked: Record<string, number>;
  readonly reservedUsd: number;
  readonly costUsd: number | null;
  readonly failure: string | null;
}

const KEY = randomBytes(16).toString('hex');
const EMAIL = 'grace.hopper@example.com';
const ERROR_LINE = 'connection pool exhausted for tenant';

/** One time for all servers, so that they get identical cases. */
const NOW = Math.floor(Date.now() / 60_000) * 60_000;
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

let model: FakeModelServer;
let server: TestServer;
let plain: TestServer;
beforeAll(async () => {
  model = await FakeModelServer.start();
  const env = {
    LLM_PROVIDER: 'openai-compatible',
    LLM_BASE_URL: model.url,
    LLM_MODEL: 'gpt-4o-mini',
    LLM_API_KEY: KEY,
    LLM_MAX_TURNS: '4',
  };
  [server, plain] = await Promise.all([TestServer.start({ env }), TestServer.start()]);
});
afterAll(() => Promise.all([server.stop(), plain.stop(), model.stop()]));
beforeEach(() => {
  model.forget();
});

/** A deploy and errors after it; the same case on every server. @param planted is added to the error lines */
async function begun(on: TestServer, planted = ''): Promise<{ tenant: TenantUser; incidentId: string }> {
  const tenant = await newTenant(on.url);
  const { service } = ALERT;
  const deploy = {
    type: 'deploy',
    service,
    environment: 'production',
    version: 'v42',
    summary: 'Deploy v42',
  };
  await tenant.api.post('/v1/changes', { ...deploy, occurredAt: ago(10.5) });
  const incidentId = await openQuietIncident(tenant);
  const content = Array.from({ length: 60 }, (_, at) => ({
    timestamp: ago(60 - at),
    entity: ALERT.service,
    level: at < 52 ? 'info' : 'error',
    message: at < 52 ? `login of ${EMAIL}` : `${ERROR_LINE} ${planted}`,
  }));
  await tenant.api.post(`/v1/incidents/${incidentId}/evidence`, { type: 'log', source: 'loki', content });
  await start(tenant, incidentId);
  return { tenant, incidentId };
}

async function investigated(
  on: TestServer,
  planted?: string,
): Promise<{ tenant: TenantUser; run: Run; incidentId: string }> {
  const { tenant, incidentId } = await begun(on, planted);
  return { tenant, incidentId, run: (await ended(tenant, incidentId)) as unknown as Run };
}

async function callsOf({ api }: TenantUser, incidentId: string): Promise<readonly ModelCall[]> {
  return (await api.get<{ items: ModelCall[] }>(`/v1/investigation/${incidentId}/model-calls`)).body.items;
}

/** Reads evidence, then explains it with valid citations. */
function honest(request: ModelRequest, turn: number): Reply {
  if (turn === 1) return { calls: [{ name: 'list_evidence', input: {} }] };
  if (turn === 2)
    return {
      calls: [{ name: 'read_evidence', input: { evidenceId: logEvidence(request), contains: 'login' } }],
    };
  const id = logEvidence(request);
  const explanation = [
    cited('The pool of connections ran out.', ERROR_LINE, id),
    cited('People could log in before, among them [email#1].', 'login of [email#1]', id),
  ];
  const hypotheses = [
    { candidate: 'e1', because: 'Its pool ran out.', citations: [{ evidenceId: id, quote: ERROR_LINE }] },
  ];
  return { calls: [{ name: 'report', input: { explanation, hypotheses, isFinal: true } }] };
}

/** The decision of a run, without ids and without the review. */
function decided({ status, outcome, rootCause, confidence, recommendedActions, hypotheses }: Run) {
  const weighed = hypotheses.filter(({ proposedBy }) => proposedBy === 'agents');
  const shown = (text: string | null) => text?.replace(/\d\d:\d\d|inc_\w{26}/g, '') ?? null;
  return {
    status,
    outcome,
    confidence,
    rootCause: shown(rootCause),
    recommendedActions: recommendedActions.map(shown),
    hypotheses: weighed.map(({ statement, status: stands }) => [shown(statement), stands]),
  };
}

function review({ steps }: Run) {
  const step = steps.find(({ agentName }) => agentName === 'model review');
  if (!step) throw new Error('the run has no model review');
  return step;
}

describe('a run with a model', () => {
  it('is explained in cited sentences, with the same outcome as without one', async () => {
    model.respond = honest;
    const [{ tenant, incidentId, run }, without] = await Promise.all([
      investigated(server),
      investigated(plain),
    ]);
    expect(run.explanation).toBe(
      `The pool of connections ran out. People could log in before, among them ${EMAIL}.`,
    );
    for (const { kind, evidenceIds } of review(run).findings) {
      expect(kind).toBe('model_reading');
      expect(evidenceIds).toHaveLength(1);
    }
    expect(run.hypotheses.at(-1)).toMatchObject({ proposedBy: 'model', status: 'open', score: 0 });
    expect(decided(run)).toEqual(decided(without.run));
    expect(without.run).toMatchObject({ explanation: null });
    expect(without.run.steps.map(({ agentName }) => agentName)).not.toContain('model review');
    expect(await callsOf(without.tenant, without.incidentId)).toEqual([]);

    const replay = await tenant.api.get(`/v1/investigation/${incidentId}/replay`);
    expect(replay.body).toMatchObject({ isSame: true });
  });

  it('sends no email address and no secret, and stores the hash and the cost of each request', async () => {
    model.respond = honest;
    const secret = randomBytes(12).toString('hex');
    const { tenant, incidentId } = await investigated(server, `password=${secret}`);
    expect(model.requests).toHaveLength(3);
    for (const { headers, raw } of model.requests) {
      expect(headers.authorization).toBe(`Bearer ${KEY}`);
      for (const hidden of [EMAIL, secret]) expect(raw).not.toContain(hidden);
    }
    expect(model.requests.at(-1)?.raw).toContain('[email#1]');
    const calls = await callsOf(tenant, incidentId);
    expect(calls.map(({ turn }) => turn)).toEqual([1, 2, 3]);
    expect(new Set(calls.map(({ sentHash }) => sentHash)).size).toBe(3);
    expect(calls.at(-1)?.masked).toMatchObject({ email: expect.any(Number), secret: expect.any(Number) });
    for (const { costUsd, reservedUsd, failure } of calls) {
      // 1,000 tokens read at 0.15 and 100 written at 0.60 dollars a million.
      expect(costUsd).toBeCloseTo(0.00021, 6);
      expect(reservedUsd).toBeGreaterThan(0);
      expect(failure).toBeNull();
    }
    const other = await newTenant(server.url);
    expect((await other.api.get(`/v1/investigation/${incidentId}/model-calls`)).status).toBe(404);
  });

  it('drops statements with invalid citations or unknown names', async () => {
    model.respond = (request, turn) => {
      if (turn === 1) return honest(request, 1);
      const id = logEvidence(request);
      const explanation = [
        cited('The moon is to blame.', 'a line that nobody wrote', id),
        cited('The evidence is elsewhere.', ERROR_LINE, 'evd_01HX9VTPQR3KF8MZWBYD5N6JCE'),
        cited('The culprit is evil-service.', ERROR_LINE, id),
        cited('It failed 31337 times.', ERROR_LINE, id),
        { sentence: 'No citation at all.', citations: [] },
        cited('The pool ran out.', ERROR_LINE, id),
      ];
      const hypotheses = [
        { candidate: 'e999', because: 'I say so.', citations: [{ evidenceId: id, quote: ERROR_LINE }] },
      ];
      return { calls: [{ name: 'report', input: { explanation, hypotheses, isFinal: true } }] };
    };
    const { run } = await investigated(server);
    expect(run.explanation).toBe('The pool ran out.');
    expect(run.hypotheses.every(({ proposedBy }) => proposedBy === 'agents')).toBe(true);
    expect(review(run).message).toContain('6 statements did not hold');
  });
});

describe('a model of Anthropic', () => {
  it('explains a run in the same way, under its own key', async () => {
    const env = {
      LLM_PROVIDER: 'anthropic',
      LLM_BASE_URL: model.url,
      LLM_MODEL: 'claude-haiku-4-5',
      LLM_API_KEY: KEY,
    };
    const own = await TestServer.start({ env });
    try {
      model.respond = honest;
      const { tenant, incidentId, run } = await investigated(own);
      expect(run.explanation).toContain('The pool of connections ran out.');
      expect(model.requests[0]?.headers['x-api-key']).toBe(KEY);
      for (const { raw } of model.requests) expect(raw).not.toContain(EMAIL);
      // 1,000 tokens read at 1 and 100 written at 5 dollars a million.
      expect((await callsOf(tenant, incidentId))[0]?.costUsd).toBeCloseTo(0.0015, 6);
    } finally {
      await own.stop();
    }
  });
});

describe('a process that is killed during a model call', () => {
  it('is followed by one that resumes at that step, and the reservation counts as spent', async () => {
    const env = {
      LLM_PROVIDER: 'openai-compatible',
      LLM_BASE_URL: model.url,
      LLM_MODEL: 'gpt-4o-mini',
    };
    const first = await TestServer.start({ env });
    model.respond = () => 'hang';
    const { tenant, incidentId } = await begun(first);
    await until('the model was called', () => model.requests.length === 1);
    await first.kill();
    model.forget();
    model.respond = honest;
    const second = await TestServer.start({ env, database: first.database });
    try {
      const later = { ...tenant, api: new Api(second.url, tenant.api.token) };
      const run = (await ended(later, incidentId)) as unknown as Run;
      expect(run.explanation).toContain('The pool of connections ran out.');
      expect(review(run).findings).toHaveLength(2);
      const calls = await callsOf(later, incidentId);
      expect(calls.map(({ turn, costUsd }) => [turn, costUsd === null])).toEqual([
        [1, true],
        [2, false],
        [3, false],
        [4, false],
      ]);
    } finally {
      await second.stop();
    }
  });

  it('makes no further call for a run that was aborted', async () => {
    const own = await TestServer.start({
      env: {
        LLM_PROVIDER: 'openai-compatible',
        LLM_BASE_URL: model.url,
        LLM_MODEL: 'm',
      },
    });
    try {
      model.respond = (_, turn) => (turn === 1 ? { calls: [{ name: 'list_evidence', input: {} }] } : 'hang');
      const { tenant, incidentId } = await begun(own);
      await until('the model was called twice', () => model.requests.length === 2);
      expect((await tenant.api.delete(`/v1/investigation/${incidentId}`)).status).toBe(204);
      const run = (await ended(tenant, incidentId)) as unknown as Run;
      expect(run).toMatchObject({ status: 'aborted', explanation: null });
      await until(
        'the pending call was cancelled',
        async () => (await callsOf(tenant, incidentId))[1]?.failure,
      );
      expect(model.requests).toHaveLength(2);
      expect((await ended(tenant, incidentId)) as unknown as Run).toEqual(run);
    } finally {
      await own.stop();
    }
  });
});

describe('a model that fails', () => {
  const failures: readonly (readonly [string, () => Reply, string])[] = [
    ['is rate-limited', () => ({ status: 429 }), 'is rate-limited'],
    ['is broken', () => ({ status: 500 }), 'answered with status 500'],
    ['refuses the key', () => ({ status: 401 }), 'answered with status 401'],
    ['returns no JSON', () => ({ status: 200, body: '<html>' }), 'cannot be read'],
    ['exceeds the size cap', () => ({ status: 200, body: ' '.repeat(3 * 1024 * 1024) }), 'larger than'],
    ['calls no tool', () => ({ text: 'Hello!' }), 'Nothing it said held'],
    [
      'sends a malformed report',
      () => ({ calls: [{ name: 'report', input: { explanation: 7, isFinal: 'yes' } }] }),
      'Nothing it said held',
    ],
    [
      'sends arguments that are not valid JSON',
      () => ({ calls: [{ name: 'read_evidence', input: '{"evidenceId":' }] }),
      'Nothing it said held',
    ],
    [
      'sends arguments of the wrong type',
      () => ({ calls: [{ name: 'read_evidence', input: { evidenceId: { toString: 1, valueOf: 1 } } }] }),
      'Its budget of turns is spent',
    ],
  ];

  async function isReported(on: TestServer, reason: string): Promise<void> {
    const { run } = await investigated(on);
    const without = await investigated(plain);
    expect(review(run)).toMatchObject({
      status: 'completed',
      message: expect.stringContaining(reason),
      findings: [],
    });
    expect(run.missingEvidence.join()).toContain('a language model that can be used');
    expect(run.explanation).toBeNull();
    expect(decided(run)).toEqual(decided(without.run));
  }

  it.each(failures)('because it %s does not change the outcome, and is reported', async (_, mind, reason) => {
    model.respond = mind;
    await isReported(server, reason);
  });

  it('because it is slow does not change the outcome, and is reported', async () => {
    const env = {
      LLM_PROVIDER: 'openai-compatible',
      LLM_BASE_URL: model.url,
      LLM_MODEL: 'm',
      LLM_TIMEOUT_SECONDS: '1',
    };
    const impatient = await TestServer.start({ env });
    try {
      model.respond = () => 'hang';
      await isReported(impatient, 'did not answer within 1 s');
    } finally {
      await impatient.stop();
    }
  });
});

describe('the budget of a run', () => {
  const small = async (env: Record<string, string>): Promise<TestServer> =>
    TestServer.start({
      env: { LLM_PROVIDER: 'openai-compatible', LLM_BASE_URL: model.url, LLM_MODEL: 'gpt-4o', ...env },
    });
  /** Never ends by itself; reports one statement in its second turn. */
  const endless = (request: ModelRequest, turn: number): Reply =>
    turn === 2
      ? {
          calls: [
            {
              name: 'report',
              input: {
                explanation: [cited('The pool ran out.', ERROR_LINE, logEvidence(request))],
                isFinal: false,
              },
            },
          ],
        }
      : { calls: [{ name: 'list_evidence', input: {} }] };

  const limits: readonly (readonly [string, Record<string, string>, number])[] = [
    ['turns', { LLM_MAX_TURNS: '3' }, 3],
    ['tokens', { LLM_MAX_TOKENS: '20000', LLM_MAX_TURNS: '50' }, 0],
    ['money', { LLM_MAX_COST_USD_PER_RUN: '0.1', LLM_MAX_TURNS: '50', LLM_MAX_TOKENS: '1000000' }, 0],
  ];

  it.each(limits)('of %s ends the review, and earlier statements are kept', async (what, env, turns) => {
    const own = await small(env);
    try {
      model.respond = endless;
      model.usage = { prompt_tokens: 4_000, completion_tokens: 500, total_tokens: 4_500 };
      const { tenant, incidentId, run } = await investigated(own);
      expect(run.explanation).toBe('The pool ran out.');
      expect(review(run).message).toContain(`Its budget of ${what} is spent`);
      expect(run.missingEvidence.join()).toContain(`its budget of ${what} is spent`);
      const calls = await callsOf(tenant, incidentId);
      if (turns > 0) expect(calls).toHaveLength(turns);
      const cost = calls.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);
      expect(cost).toBeLessThanOrEqual(Number(env['LLM_MAX_COST_USD_PER_RUN'] ?? 0.5));
      expect(model.requests.at(-1)?.body.tools.map((tool) => tool.function.name)).toEqual(['report']);
    } finally {
      await own.stop();
    }
  });

  it('allows no call that could exceed it', async () => {
    const own = await small({ LLM_MAX_COST_USD_PER_RUN: '0.000001' });
    try {
      const { run } = await investigated(own);
      expect(model.requests).toHaveLength(0);
      expect(review(run).message).toContain('Its budget of money is spent');
    } finally {
      await own.stop();
    }
  });
});
