import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { codes } from '../remediation/plan.js';
import {
  ended,
  type Investigation,
  minutesAgo,
  openQuietIncident,
  recordDeploy,
  sendAlert,
  start,
  statusIs,
} from './cases.js';

interface Decision {
  readonly policy: string;
  readonly outcome: string;
  readonly confidence: number;
  readonly rootCause: string | null;
}

interface Replay {
  readonly investigationId: string;
  readonly isSame: boolean;
  readonly recorded: Decision;
  readonly replayed: Decision;
  readonly differences: readonly { field: string; recorded: unknown; replayed: unknown }[];
  readonly hypothesisDifferences: readonly { statement: string; recorded: unknown; replayed: unknown }[];
  readonly alteredEvidence: readonly string[];
}

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

function replay(incidentId: string, query = '') {
  return tenant.api.get<Replay & { error?: string }>(`/v1/investigation/${incidentId}/replay${query}`);
}

async function blamedDeploy(): Promise<{ incidentId: string; run: Investigation }> {
  const own = await newTenant(server.url);
  tenant = own;
  await recordDeploy(own, 'v41', 300);
  await recordDeploy(own, 'v42', 10);
  const incidentId = await sendAlert(own);
  const run = await ended(own, incidentId);
  // Wait for the reactions to its end, so that only a replay could change a table from now on.
  await statusIs(own, incidentId, 'awaiting_approval').catch(() => statusIs(own, incidentId, 'open'));
  return { incidentId, run };
}

/** Row counts of the tables that a run writes. */
async function rowsOf(): Promise<unknown> {
  const tables = [
    'investigations',
    'investigation_evidence',
    'findings',
    'finding_citations',
    'hypotheses',
    'events',
  ];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`).join(', ');
  const [rows] = await sql(server.database.url, `SELECT ${counts}`, [], tenant.tenantId);
  return rows;
}

async function tamper(statement: string, parameters: unknown[]): Promise<void> {
  await sql(server.database.url, statement, parameters, tenant.tenantId);
}

describe('a replay', () => {
  it.each(['', '?from=inputs'])('gives the same result, and stores nothing %s', async (query) => {
    const { incidentId, run } = await blamedDeploy();
    const before = await rowsOf();
    const { status, body } = await replay(incidentId, query);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      investigationId: run.investigationId,
      isSame: true,
      differences: [],
      hypothesisDifferences: [],
      alteredEvidence: [],
    });
    expect(body.replayed).toMatchObject({
      outcome: run.outcome,
      confidence: run.confidence,
      rootCause: run.rootCause,
    });
    expect(body.recorded).toEqual(body.replayed);
    expect(await rowsOf()).toEqual(before);
  });

  it('lists the fields and hypotheses that differ', async () => {
    const { incidentId, run } = await blamedDeploy();
    const { investigationId, confidence } = run;
    await tamper(
      `UPDATE investigations SET outcome = 'identified', confidence = 0.99, outcome_policy = 'outcome/0'
        WHERE investigation_id = $1`,
      [investigationId],
    );
    await tamper(`UPDATE hypotheses SET score = 0.01 WHERE investigation_id = $1 AND place = 1`, [
      investigationId,
    ]);
    const { body } = await replay(incidentId);
    expect(body).toMatchObject({ isSame: false, recorded: { policy: 'outcome/0' } });
    expect(body.differences).toEqual([
      { field: 'outcome', recorded: 'identified', replayed: run.outcome },
      { field: 'confidence', recorded: 0.99, replayed: confidence },
    ]);
    expect(body.hypothesisDifferences).toEqual([
      {
        statement: run.rootCause,
        recorded: expect.objectContaining({ score: 0.01 }),
        replayed: expect.objectContaining({ status: 'supported' }),
      },
    ]);
  });

  it('reads the evidence of the run, and lists evidence that was altered since', async () => {
    const incidentId = await openQuietIncident(tenant);
    const lines = Array.from({ length: 60 }, (_, at) => ({
      timestamp: minutesAgo(60 - at),
      entity: 'checkout',
      level: at < 40 ? 'info' : 'error',
      message: at < 40 ? `served request ${at}` : 'connection pool exhausted',
    }));
    const attach = (content: unknown) =>
      tenant.api.post(`/v1/incidents/${incidentId}/evidence`, { type: 'log', source: 'loki', content });
    const { body: attached } = await attach(lines);
    await start(tenant, incidentId);
    await ended(tenant, incidentId);
    await attach([{ timestamp: minutesAgo(1), entity: 'search', level: 'error', message: 'came later' }]);
    expect((await replay(incidentId)).body).toMatchObject({ isSame: true, alteredEvidence: [] });

    await tamper('DELETE FROM incident_evidence_chunks WHERE evidence_id = $1', [attached['evidenceId']]);
    const { body } = await replay(incidentId);
    expect(body).toMatchObject({ isSame: false, alteredEvidence: [attached['evidenceId']] });
    // The findings are stored with the run, so its decision can still be repeated.
    expect((await replay(incidentId, '?from=inputs')).body).toMatchObject({ isSame: true });
  });

  it('replays the requested run', async () => {
    const incidentId = await openQuietIncident(tenant);
    await start(tenant, incidentId);
    const { investigationId } = await ended(tenant, incidentId);
    await statusIs(tenant, incidentId, 'open');
    await start(tenant, incidentId);
    const second = await ended(tenant, incidentId);
    expect((await replay(incidentId, `?investigationId=${investigationId}`)).body).toMatchObject({
      investigationId,
    });
    expect((await replay(incidentId)).body).toMatchObject({ investigationId: second.investigationId });
    const { body } = await replay(incidentId, '?policy=outcome/2');
    expect(body.replayed.policy).toBe('outcome/2');
  });

  it('refuses an unknown policy, a run without a decision, and another tenant’s incident', async () => {
    const incidentId = await openQuietIncident(tenant);
    expect(codes([await replay(incidentId)])).toEqual({ '404 not_found': 1 });
    await start(tenant, incidentId);
    const { investigationId } = await ended(tenant, incidentId);
    expect(codes([await replay(incidentId, '?policy=outcome/999')])).toEqual({ '400 validation_error': 1 });
    expect(codes([await replay(incidentId, '?from=thin-air')])).toEqual({ '400 validation_error': 1 });
    await tamper(`UPDATE investigations SET status = 'aborted', outcome = NULL WHERE investigation_id = $1`, [
      investigationId,
    ]);
    expect(codes([await replay(incidentId)])).toEqual({ '409 conflict': 1 });
    const other = await newTenant(server.url);
    expect((await other.api.get(`/v1/investigation/${incidentId}/replay`)).status).toBe(404);
  });
});
