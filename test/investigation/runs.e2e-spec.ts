import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { codes, colleague } from '../remediation/plan.js';
import {
  ended,
  eventsOf,
  evidenceOf,
  lockTable,
  skipRetryDelay,
  incidentStatus,
  investigation,
  openQuietIncident,
  recordDeploy,
  runIs,
  sendAlert,
  start,
  statusIs,
  story,
} from './cases.js';

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start({ env: { INVESTIGATIONS_PER_TENANT: '2', JOB_CONCURRENCY: '6' } });
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

/** A run that has published its first step and is blocked until it is released. */
async function heldRun(): Promise<{ incidentId: string; release: () => Promise<void> }> {
  const incidentId = await openQuietIncident(tenant);
  const release = await lockTable(server.database.url, 'changes');
  expect((await start(tenant, incidentId)).status).toBe(202);
  await runIs(tenant, incidentId, ({ steps }) => steps[1]?.status === 'running');
  return { incidentId, release };
}

describe('a run', () => {
  it('is started once by concurrent requests', async () => {
    const incidentId = await openQuietIncident(tenant);
    const answers = await Promise.all(Array.from({ length: 20 }, () => start(tenant, incidentId)));
    expect(codes(answers)).toEqual({ '202 ok': 1, '409 conflict': 19 });
    const { body } = answers.find(({ status }) => status === 202) ?? {};
    const run = await ended(tenant, incidentId);
    expect(body).toEqual({ incidentId, status: 'investigating', investigationId: run.investigationId });
    expect(run.startedBy).toBe(tenant.userId);
    await statusIs(tenant, incidentId, 'open');
    const lines = await story(tenant, incidentId);
    expect(lines.slice(3, 6)).toEqual(['open → triaging', 'triaging → investigating', 'progress 1']);
    expect(lines.filter((line) => line === 'investigation.completed')).toHaveLength(1);
  });

  it('is not started for an incident that has ended, and stores nothing', async () => {
    const incidentId = await openQuietIncident(tenant);
    expect((await tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'resolved' })).status).toBe(200);
    expect(codes([await start(tenant, incidentId)])).toEqual({ '409 conflict': 1 });
    expect(await investigation(tenant, incidentId)).toBeUndefined();
    expect((await start(tenant, 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE')).status).toBe(404);
    expect((await start(tenant, 'nothing')).status).toBe(404);
  });

  it('can be followed by another, and each stays readable', async () => {
    const incidentId = await openQuietIncident(tenant);
    const ids = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      expect((await start(tenant, incidentId)).status).toBe(202);
      ids.add((await ended(tenant, incidentId)).investigationId);
      await statusIs(tenant, incidentId, 'open');
    }
    const runs = await tenant.api.all<{ investigationId: string }>(
      `/v1/investigation/${incidentId}/runs?limit=2`,
    );
    expect(runs.map(({ investigationId }) => investigationId)).toEqual([...ids].reverse());
    const oldest = runs.at(-1)?.investigationId ?? '';
    const older = await tenant.api.get<{ items: object[] }>(
      `/v1/investigation/${incidentId}/evidence?investigationId=${oldest}`,
    );
    expect(older.body.items).toHaveLength(1);
  });

  it('can be repeated with a note while a proposal is pending, unless one is under way', async () => {
    const own = await newTenant(server.url);
    await recordDeploy(own, 'v42', 5);
    const incidentId = await sendAlert(own);
    await statusIs(own, incidentId, 'awaiting_approval');
    const release = await lockTable(server.database.url, 'changes');
    const ask = (body: object) => own.api.post(`/v1/investigation/${incidentId}/context`, body);
    expect(await ask({ context: 'It was the cache.' })).toMatchObject({
      status: 202,
      body: { incidentId, status: 'awaiting_approval', investigationId: null },
    });
    const more = { context: 'The deploy was rolled back at noon.', reinvestigate: true };
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(more)));
    expect(codes(answers)).toEqual({ '202 ok': 1, '409 conflict': 19 });
    await statusIs(own, incidentId, 'investigating');
    await release();
    await ended(own, incidentId);
    expect(await story(own, incidentId)).toContain('awaiting_approval → investigating');
    // The notes of refused requests are not stored.
    const notes = (await evidenceOf(own, incidentId)).filter(({ type }) => type === 'note');
    expect(notes.map(({ content }) => (JSON.parse(content) as { text: string }).text).sort()).toEqual([
      'It was the cache.',
      'The deploy was rolled back at noon.',
    ]);
    for (const bad of [{}, { context: ' ' }, { context: 7 }, { context: 'x', reinvestigate: 'yes' }]) {
      expect((await ask(bad)).status).toBe(400);
    }
  });

  it('stores and publishes nothing after it was aborted', async () => {
    await recordDeploy(tenant, 'v42', 5);
    const { incidentId, release } = await heldRun();
    const answer = await tenant.api.delete(`/v1/investigation/${incidentId}`);
    expect(answer.status).toBe(204);
    await release();
    const run = await investigation(tenant, incidentId);
    expect(run?.status).toBe('aborted');
    // The job of the aborted run has ended when it is gone from the queue.
    await until('its job ended', async () => (await jobsOf(run?.investigationId ?? '')) === 0);
    const after = await investigation(tenant, incidentId);
    expect(after).toEqual(run);
    expect(after?.steps.slice(1).map(({ status }) => status)).toEqual(
      after?.steps.slice(1).map(() => 'skipped'),
    );
    expect(after?.steps.flatMap(({ findings }) => findings)).toEqual([]);
    expect((await evidenceOf(tenant, incidentId)).map(({ source }) => source)).toEqual(['incident report']);
    expect((await story(tenant, incidentId)).slice(-3)).toEqual([
      'triaging → investigating',
      'progress 1',
      'investigating → open',
    ]);
    expect(codes([await tenant.api.delete(`/v1/investigation/${incidentId}`)])).toEqual({
      '409 conflict': 1,
    });
    // A new run can start.
    expect((await start(tenant, incidentId)).status).toBe(202);
    await ended(tenant, incidentId);
  });

  it('is aborted by admins only, and only while one is under way', async () => {
    const incidentId = await openQuietIncident(tenant);
    const member = await colleague(tenant, 'member');
    expect((await member.api.delete(`/v1/investigation/${incidentId}`)).status).toBe(403);
    expect(codes([await tenant.api.delete(`/v1/investigation/${incidentId}`)])).toEqual({
      '409 conflict': 1,
    });
  });

  it('is queued beyond two of a tenant, without delaying other tenants', async () => {
    const [busy, other] = [await newTenant(server.url), await newTenant(server.url)];
    const release = await lockTable(server.database.url, 'changes');
    const ids = await Promise.all(Array.from({ length: 8 }, () => sendAlert(busy)));
    await runsAre(busy, { running: 2, queued: 6 });
    const single = await sendAlert(other);
    await runIs(other, single, ({ status }) => status === 'running');
    await runsAre(busy, { running: 2, queued: 6 });
    await release();
    for (const incidentId of ids) await ended(busy, incidentId);
    await ended(other, single);
  });

  it('fails when it cannot continue, and reopens the incident', async () => {
    const { incidentId, release } = await heldRun();
    const { investigationId = '', steps = [] } = (await investigation(tenant, incidentId)) ?? {};
    // Simulates an upgrade that removed this agent.
    const index = steps.findIndex(({ agentName }) => agentName === 'change detection');
    expect(steps[index]?.status).toBe('pending');
    await sql(
      server.database.url,
      `UPDATE investigations SET steps = jsonb_set(steps, $2, '"no such agent"') WHERE investigation_id = $1`,
      [investigationId, [String(index), 'agentName']],
      tenant.tenantId,
    );
    await release();
    const run = await until('it failed', async () => {
      await skipRetryDelay(server.database.url, tenant, investigationId);
      const now = await investigation(tenant, incidentId);
      return now?.status === 'failed' && now;
    });
    expect(run.steps.map(({ status }) => status)).toEqual(
      steps.map((_, i) => {
        if (i === index) return 'failed';
        return i < index ? 'completed' : 'skipped';
      }),
    );
    expect(await incidentStatus(tenant, incidentId)).toBe('open');
    const names = (await eventsOf(tenant, incidentId)).map(({ event }) => event);
    expect(names).not.toContain('investigation.completed');
  });

  it('can be rated once by each person after it has ended', async () => {
    const { incidentId, release } = await heldRun();
    const rating = { rating: 4, rootCauseAccurate: true, comment: 'close' };
    const rate = (by: TenantUser, body: object = rating) =>
      by.api.post(`/v1/investigation/${incidentId}/feedback`, body);
    expect(codes([await rate(tenant)])).toEqual({ '409 conflict': 1 });
    await release();
    const run = await ended(tenant, incidentId);
    for (const bad of [{}, { ...rating, rating: 6 }, { ...rating, rating: '4' }, { ...rating, extra: 1 }]) {
      expect((await rate(tenant, bad)).status).toBe(400);
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => rate(tenant)));
    expect(codes(answers)).toEqual({ '201 ok': 1, '409 already_exists': 19 });
    const taken = answers.find(({ status }) => status === 201);
    expect(taken?.headers.get('location')).toBe(`/v1/investigation/${incidentId}`);
    expect(taken?.body).toMatchObject({
      incidentId,
      investigationId: run.investigationId,
      userId: tenant.userId,
      rating: 4,
    });
    expect((await rate(await colleague(tenant, 'member'))).status).toBe(201);
  });

  it('is started and read by keys with the right scope only', async () => {
    const incidentId = await openQuietIncident(tenant);
    const [writer, reader] = [
      await programOf(tenant, 'incidents:write'),
      await programOf(tenant, 'incidents:read'),
    ];
    expect((await reader.post(`/v1/investigation/${incidentId}`)).status).toBe(403);
    expect((await writer.post(`/v1/investigation/${incidentId}`)).status).toBe(202);
    await ended(tenant, incidentId);
    expect((await reader.get(`/v1/investigation/${incidentId}`)).status).toBe(200);
    expect((await writer.get(`/v1/investigation/${incidentId}`)).status).toBe(403);
    expect((await writer.delete(`/v1/investigation/${incidentId}`)).status).toBe(403);
    const feedback = { rating: 1, rootCauseAccurate: false };
    expect((await writer.post(`/v1/investigation/${incidentId}/feedback`, feedback)).status).toBe(403);
  });
});

async function runsAre({ tenantId }: TenantUser, expected: Record<string, number>): Promise<void> {
  await until(`runs are ${JSON.stringify(expected)}`, async () => {
    const rows = await sql<{ status: string; count: number }>(
      server.database.url,
      'SELECT status, count(*)::int FROM investigations WHERE tenant_id = $1 GROUP BY status',
      [tenantId],
      tenantId,
    );
    const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
    return Object.entries(expected).every(([status, count]) => counts[status] === count);
  });
}

async function jobsOf(investigationId: string): Promise<number> {
  const [row] = await sql<{ count: number }>(
    server.database.url,
    `SELECT count(*)::int FROM graphile_worker._private_jobs WHERE payload->'payload'->>'investigationId' = $1`,
    [investigationId],
    tenant.tenantId,
  );
  return row?.count ?? -1;
}
