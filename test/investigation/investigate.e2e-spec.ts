import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant } from '../support/api.js';
import { decideOutcome, type OutcomeInputs } from '#modules/investigation/domain/outcome/decide-outcome';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import {
  ALERT,
  ended,
  eventsOf,
  evidenceOf,
  minutesAgo,
  openIncident,
  openQuietIncident,
  recordDeploy,
  sendAlert,
  start,
  statusIs,
  story,
} from './cases.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** One valid row of a type of evidence. */
function rowOf(type: string): object[] {
  const [timestamp, entity] = [minutesAgo(5), ALERT.service];
  const rows: Readonly<Record<string, object>> = {
    log: { timestamp, entity, level: 'error', message: 'connection pool exhausted' },
    metric: { timestamp, entity, metric: 'error_ratio', value: 0.4 },
    topology: { caller: 'shop', callee: entity },
    trace: {
      traceId: 't1',
      spanId: 's1',
      entity,
      operation: 'pay',
      startedAt: timestamp,
      durationMs: 3,
      status: 'ok',
    },
    deployment: { service: entity, version: 'v42', summary: 'Deploy v42', occurredAt: timestamp },
  };
  return [rows[type] ?? {}];
}

describe('an investigation', () => {
  it('blames a deploy shortly before the alert, names its version, and cites evidence', async () => {
    const tenant = await newTenant(server.url);
    await recordDeploy(tenant, 'v41', 300);
    await recordDeploy(tenant, 'v42', 10);
    const incidentId = await sendAlert(tenant);
    const run = await ended(tenant, incidentId);
    expect(run).toMatchObject({
      status: 'completed',
      rootCause: expect.stringContaining('v42'),
      missingEvidence: expect.any(Array),
    });
    expect(run.recommendedActions[0]).toContain('v41');
    expect(run.confidence).toBeGreaterThan(0.2);
    expect(run.hypotheses[0]).toMatchObject({ status: 'supported' });

    const evidence = await evidenceOf(tenant, incidentId);
    const deploy = evidence.find(({ content }) => content.includes('v42'));
    expect(deploy).toMatchObject({
      type: 'deployment',
      source: 'changes',
      agentName: 'change detection',
      contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const known = new Set(evidence.map(({ evidenceId }) => evidenceId));
    const cited = run.steps.flatMap(({ findings }) => findings.map(({ evidenceIds }) => evidenceIds));
    expect(cited.length).toBeGreaterThan(0);
    for (const ids of [...cited, run.hypotheses[0]?.supportedBy ?? []]) {
      expect(ids.length).toBeGreaterThan(0);
      for (const id of ids) expect(known).toContain(id);
    }
    const { body } = await tenant.api.get(`/v1/incidents/${incidentId}`);
    expect(body).toMatchObject({ rootCause: run.rootCause, confidence: run.confidence });
  });

  it('publishes progress once for each step, in order, also for agents without evidence', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = await sendAlert(tenant);
    const { steps } = await ended(tenant, incidentId);
    await statusIs(tenant, incidentId, 'open');
    expect(await story(tenant, incidentId)).toEqual([
      'incident.created',
      'open → triaging',
      'triaging → investigating',
      ...steps.map((_, at) => `progress ${at + 1}`),
      'investigation.completed',
      'investigating → open',
    ]);
    expect(steps.length).toBeGreaterThanOrEqual(5);
    expect(steps.map(({ agentName }) => agentName)).toEqual(
      expect.arrayContaining([
        'known solution',
        'log analysis',
        'metrics analysis',
        'change detection',
        'synthesis',
      ]),
    );
    for (const step of steps) {
      expect(step).toMatchObject({
        status: 'completed',
        startedAt: expect.any(String),
        durationMs: expect.any(Number),
      });
    }
    for (const { event, data } of await eventsOf(tenant, incidentId)) {
      if (event === 'investigation.progress') expect(data['totalSteps']).toBe(steps.length);
    }
  });

  it('is inconclusive without findings when there is no evidence', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = await sendAlert(tenant);
    const run = await ended(tenant, incidentId);
    expect(run).toMatchObject({ status: 'inconclusive', outcome: 'inconclusive', rootCause: null });
    expect(run.confidence).toBeLessThanOrEqual(0.2);
    expect(run.missingEvidence.length).toBeGreaterThan(0);
    expect(run.steps.flatMap(({ findings }) => findings)).toEqual([]);
    const completed = (await eventsOf(tenant, incidentId)).find(
      ({ event }) => event === 'investigation.completed',
    );
    expect(completed?.data).toEqual({
      incidentId,
      rootCause: null,
      confidence: run.confidence,
      recommendedActions: run.recommendedActions,
    });
    expect(run.recommendedActions.length).toBeGreaterThan(0);
  });

  it('recommends for each missing evidence a call that works', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = await sendAlert(tenant);
    const { recommendedActions } = await ended(tenant, incidentId);
    const { body: catalog } = await tenant.api.get<{ items: { provider: string }[] }>(
      '/v1/integrations/catalog',
    );
    const providers = catalog.items.map(({ provider }) => provider);
    for (const action of recommendedActions) {
      const [, named = ''] = /connect ([a-z ]+) by POST/.exec(action) ?? [];
      for (const provider of named.split(' or ').filter((name) => name !== ''))
        expect(providers).toContain(provider);
      const [, path = '', type = ''] = /attach by POST (\S+) as type (\w+)\)$/.exec(action) ?? [];
      const attached = await tenant.api.post(path, { type, source: 'a person', content: rowOf(type) });
      expect([action, attached.status]).toEqual([action, 201]);
    }
    await statusIs(tenant, incidentId, 'open');
    expect((await start(tenant, incidentId)).status).toBe(202);
    const again = await ended(tenant, incidentId);
    expect((await evidenceOf(tenant, incidentId)).map(({ type }) => type)).toEqual(
      expect.arrayContaining(['log', 'metric', 'topology', 'trace', 'deployment']),
    );
    expect(again.steps.some(({ findings }) => findings.length > 0)).toBe(true);
  });

  it('reads attached evidence, and cites it by the id of the attachment', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = await openQuietIncident(tenant);
    const lines = Array.from({ length: 120 }, (_, at) =>
      JSON.stringify({
        timestamp: minutesAgo(60 - at / 2),
        entity: 'checkout',
        level: at < 80 ? 'info' : 'error',
        message: at < 80 ? `served request ${at}` : `connection pool exhausted after ${at} ms`,
      }),
    );
    const attached = await tenant.api.post(
      `/v1/incidents/${incidentId}/evidence?type=log&source=loki`,
      lines.join('\n'),
      { headers: { 'content-type': 'application/x-ndjson' } },
    );
    expect(attached.status).toBe(201);
    expect((await start(tenant, incidentId)).status).toBe(202);
    const run = await ended(tenant, incidentId);
    const step = run.steps.find(({ agentName }) => agentName === 'log analysis');
    expect(step?.findings[0]?.evidenceIds).toEqual([attached.body['evidenceId']]);
    expect(await evidenceOf(tenant, incidentId)).toContainEqual(
      expect.objectContaining({
        evidenceId: attached.body['evidenceId'],
        type: 'log',
        source: 'loki',
        agentName: 'log analysis',
        content: expect.stringContaining('served request 0'),
      }),
    );
  });

  it('reads a sample of evidence that exceeds the limit, and reports that', async () => {
    const tenant = await newTenant(server.url);
    const incidentId = await openQuietIncident(tenant);
    const calls = Array.from({ length: 120_000 }, (_, at) => `a${at % 50},b${at % 70}`);
    const attached = await tenant.api.post(
      `/v1/incidents/${incidentId}/evidence?type=topology&source=mesh`,
      ['caller,callee', ...calls].join('\n'),
      { headers: { 'content-type': 'text/csv' } },
    );
    expect(attached.body['accepted']).toBe(120_000);
    await start(tenant, incidentId);
    await ended(tenant, incidentId);
    const [topology] = (await evidenceOf(tenant, incidentId)).filter(({ type }) => type === 'topology');
    const [, read] = /120000 rows, of which (\d+) were read/.exec(topology?.summary ?? '') ?? [];
    expect(Number(read)).toBeGreaterThan(95_000);
    expect(Number(read)).toBeLessThan(105_000);
  });

  it('can be decided again from its stored inputs, with the same outcome', async () => {
    const tenant = await newTenant(server.url);
    await recordDeploy(tenant, 'v42', 10);
    const run = await ended(tenant, await sendAlert(tenant));
    const [kept] = await sql<{ outcome_inputs: OutcomeInputs; outcome_policy: string }>(
      server.database.url,
      'SELECT outcome_inputs, outcome_policy FROM investigations WHERE investigation_id = $1',
      [run.investigationId],
      tenant.tenantId,
    );
    const again = decideOutcome(kept?.outcome_inputs as OutcomeInputs);
    expect(again.version).toBe(kept?.outcome_policy);
    expect(again).toMatchObject({
      outcome: run.outcome,
      rootCause: run.rootCause,
      confidence: run.confidence,
    });
  });

  it('also starts for an incident that a person opened', async () => {
    const tenant = await newTenant(server.url);
    await recordDeploy(tenant, 'v42', 5);
    const run = await ended(tenant, await openIncident(tenant));
    expect(run).toMatchObject({
      status: 'completed',
      startedBy: null,
      rootCause: expect.stringContaining('v42'),
    });
  });

  it('does not see another tenant’s changes, incidents and runs', async () => {
    const [acme, other] = [await newTenant(server.url), await newTenant(server.url)];
    await recordDeploy(acme, 'v42', 10);
    const incidentId = await sendAlert(acme);
    await ended(acme, incidentId);
    expect(await ended(other, await sendAlert(other))).toMatchObject({ status: 'inconclusive' });
    for (const path of ['', '/runs', '/evidence']) {
      const unknown = await other.api.get(`/v1/investigation/inc_01HX9VTPQR3KF8MZWBYD5N6JCE${path}`);
      const foreign = await other.api.get(`/v1/investigation/${incidentId}${path}`);
      expect([foreign.status, foreign.body['message']]).toEqual([404, unknown.body['message']]);
    }
    for (const method of ['POST', 'DELETE'] as const) {
      expect((await other.api.call(method, `/v1/investigation/${incidentId}`)).status).toBe(404);
    }
    expect((await other.api.get(`/v1/triage/${incidentId}`)).status).toBe(404);
    expect((await other.api.post(`/v1/triage/${incidentId}`)).status).toBe(404);
    expect((await other.api.post(`/v1/investigation/${incidentId}/context`, { context: 'x' })).status).toBe(
      404,
    );
  });

  it('reads a note that a person added, when it is repeated', async () => {
    const tenant = await newTenant(server.url);
    const change = await tenant.api.post('/v1/changes', {
      type: 'config',
      service: 'ledger-store',
      summary: 'Lower the quorum timeout',
      occurredAt: minutesAgo(8),
    });
    expect(change.status).toBe(201);
    const incidentId = await sendAlert(tenant, { ...ALERT, description: 'It fails.' });
    await ended(tenant, incidentId);
    await statusIs(tenant, incidentId, 'open');
    const added = await tenant.api.post(`/v1/investigation/${incidentId}/context`, {
      context: 'The quorum timeout was lowered.',
      reinvestigate: true,
    });
    expect(added).toMatchObject({ status: 202, body: { incidentId, status: 'investigating' } });
    await ended(tenant, incidentId);
    expect(await evidenceOf(tenant, incidentId)).toContainEqual(
      expect.objectContaining({
        type: 'note',
        source: 'context',
        content: expect.stringContaining('quorum timeout'),
      }),
    );
    const runs = await tenant.api.get<{ items: { investigationId: string; startedBy: string | null }[] }>(
      `/v1/investigation/${incidentId}/runs`,
    );
    expect(runs.body.items.map(({ startedBy }) => startedBy)).toEqual([tenant.userId, null]);
    expect(runs.body.items[0]?.investigationId).toBe(added.body['investigationId']);
  });
});
