import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { pattern, type Pattern, resolveIncident, ALERT } from '../knowledge/resolved-incidents.js';
import { codes } from '../remediation/plan.js';
import {
  ended,
  eventsOf,
  evidenceOf,
  type Investigation,
  recordDeploy,
  runIs,
  sendAlert,
  start,
  statusIs,
  story,
} from './cases.js';

const ROOT_CAUSE = 'The pool of connections is too small for the evening';
const AGAIN = { ...ALERT, severity: 'high' };

let longWait: TestServer;
let shortWait: TestServer;
beforeAll(async () => {
  [longWait, shortWait] = await Promise.all([
    TestServer.start({ env: { KNOWN_SOLUTION_WAIT_SECONDS: '3600' } }),
    TestServer.start({ env: { KNOWN_SOLUTION_WAIT_SECONDS: '1' } }),
  ]);
});
afterAll(() => Promise.all([longWait.stop(), shortWait.stop()]));

async function tenantWithPattern(server: TestServer): Promise<{ tenant: TenantUser; known: Pattern }> {
  const tenant = await newTenant(server.url);
  await resolveIncident(server, tenant, { rootCause: ROOT_CAUSE });
  return { tenant, known: await pattern(tenant) };
}

async function waitingRun(tenant: TenantUser): Promise<{ incidentId: string; run: Investigation }> {
  const incidentId = await sendAlert(tenant, AGAIN);
  const run = await runIs(tenant, incidentId, ({ knownSolution }) => knownSolution?.isAwaited === true);
  return { incidentId, run };
}

function decide({ api }: TenantUser, incidentId: string, action: string, patternId: string) {
  return api.post<Investigation & { error?: string }>(`/v1/investigation/${incidentId}/known-solution`, {
    action,
    patternId,
  });
}

describe('a known solution', () => {
  it('is published, and the run waits for a decision', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    const { incidentId, run } = await waitingRun(tenant);
    expect(run.status).toBe('running');
    expect(run.knownSolution).toMatchObject({ patternId: known.patternId, decision: 'undecided' });
    const [found] = (await eventsOf(tenant, incidentId)).slice(-1);
    expect(found).toMatchObject({
      event: 'investigation.known_solution_found',
      data: { incidentId, matchedPatternId: known.patternId, matchedTitle: known.title, runbookUrl: null },
    });
    expect(found?.data['confidence']).toBeGreaterThanOrEqual(0.85);
  });

  it('is the cause when a person accepts it, whatever the other evidence', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    await recordDeploy(tenant, 'v42', 5);
    const { incidentId } = await waitingRun(tenant);
    expect((await decide(tenant, incidentId, 'accept', known.patternId)).status).toBe(200);
    const run = await ended(tenant, incidentId);
    expect(run).toMatchObject({ status: 'completed', outcome: 'identified', rootCause: ROOT_CAUSE });
    // The pattern has no runbook.
    expect(run.recommendedActions[0]).toBe('Resolve it as the known solution says');
    expect(run.knownSolution).toMatchObject({ decision: 'accepted', isAwaited: false });
    const match = (await evidenceOf(tenant, incidentId)).find(({ source }) => source === 'knowledge');
    expect(run.hypotheses[0]?.supportedBy).toContain(match?.evidenceId);
    expect(run.steps.every(({ status }) => status === 'completed')).toBe(true);
    expect((await story(tenant, incidentId)).slice(3, 6)).toEqual([
      'investigation.known_solution_found',
      'progress 1',
      'progress 2',
    ]);
  });

  it('is ruled out when a person dismisses it, and the run continues up to a proposal', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    await recordDeploy(tenant, 'v42', 5);
    const { incidentId } = await waitingRun(tenant);
    const answer = await decide(tenant, incidentId, 'dismiss', known.patternId);
    expect([answer.status, answer.body.knownSolution?.decision]).toEqual([200, 'dismissed']);
    const run = await ended(tenant, incidentId);
    expect(run.rootCause).toContain('v42');
    expect(run.hypotheses).toContainEqual(
      expect.objectContaining({ statement: ROOT_CAUSE, status: 'ruled_out' }),
    );
    await statusIs(tenant, incidentId, 'awaiting_approval');
  });

  it('delays a run only for the waiting time', async () => {
    const { tenant } = await tenantWithPattern(shortWait);
    await recordDeploy(tenant, 'v42', 5);
    const incidentId = await sendAlert(tenant, AGAIN);
    const run = await ended(tenant, incidentId);
    expect(run.knownSolution).toMatchObject({ decision: 'undecided', isAwaited: false });
    expect(run.rootCause).toContain('v42');
    const lines = await story(tenant, incidentId);
    expect(lines.filter((line) => line === 'investigation.known_solution_found')).toHaveLength(1);
    expect(lines.filter((line) => line === 'investigation.completed')).toHaveLength(1);
    await statusIs(tenant, incidentId, 'awaiting_approval');
  });

  it('is decided once: of twenty concurrent decisions one is accepted', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    const { incidentId } = await waitingRun(tenant);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        decide(tenant, incidentId, n % 2 ? 'accept' : 'dismiss', known.patternId),
      ),
    );
    expect(codes(answers)).toEqual({ '200 ok': 1, '409 conflict': 19 });
    await ended(tenant, incidentId);
  });

  it('leaves no job behind after the decision', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    const { incidentId, run } = await waitingRun(tenant);
    expect((await decide(tenant, incidentId, 'accept', known.patternId)).status).toBe(200);
    await ended(tenant, incidentId);
    await until('the run has no job', async () => {
      const jobs = await sql(
        longWait.database.url,
        `SELECT FROM graphile_worker._private_jobs WHERE payload->'payload'->>'investigationId' = $1`,
        [run.investigationId],
      );
      return jobs.length === 0;
    });
  });

  it('accepts a decision only on the pending pattern, from a person of the tenant', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    const { incidentId } = await waitingRun(tenant);
    const other = 'ptn_01HX9VTPQR3KF8MZWBYD5N6JCE';
    expect(codes([await decide(tenant, incidentId, 'accept', other)])).toEqual({ '409 conflict': 1 });
    expect((await decide(tenant, incidentId, 'perhaps', known.patternId)).status).toBe(400);
    const stranger = await newTenant(longWait.url);
    expect((await decide(stranger, incidentId, 'accept', known.patternId)).status).toBe(404);
    expect((await runIs(tenant, incidentId, () => true)).knownSolution).toMatchObject({ isAwaited: true });
  });

  it('does not delay other runs of the tenant', async () => {
    const { tenant } = await tenantWithPattern(longWait);
    for (let n = 0; n < 3; n += 1) await waitingRun(tenant);
    const other = await sendAlert(tenant, {
      title: 'Disk of billing is full',
      description: 'No space.',
      severity: 'high',
    });
    await ended(tenant, other);
  });

  it('does not prevent aborting the waiting run', async () => {
    const { tenant, known } = await tenantWithPattern(longWait);
    const { incidentId } = await waitingRun(tenant);
    expect((await tenant.api.delete(`/v1/investigation/${incidentId}`)).status).toBe(204);
    expect(codes([await decide(tenant, incidentId, 'accept', known.patternId)])).toEqual({
      '409 conflict': 1,
    });
    await statusIs(tenant, incidentId, 'open');
    expect((await start(tenant, incidentId)).status).toBe(202);
  });
});
