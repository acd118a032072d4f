import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  ended,
  eventsOf,
  evidenceOf,
  lockTable,
  type Investigation,
  investigation,
  openIncident,
  recordDeploy,
  runIs,
  sendAlert,
  story,
} from './cases.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());

/** Kills and restarts the server; tokens stay valid. */
async function restart(tenants: readonly TenantUser[]): Promise<TenantUser[]> {
  await server.kill();
  server = await TestServer.start({ database: server.database });
  return tenants.map((tenant) => ({ ...tenant, api: new Api(server.url, tenant.api.token) }));
}

async function expectNothingTwice(tenant: TenantUser, incidentId: string, run: Investigation): Promise<void> {
  const lines = await story(tenant, incidentId);
  const steps = run.steps.map((_, at) => `progress ${at + 1}`);
  expect(lines.filter((line) => line.startsWith('progress'))).toEqual(steps);
  expect(lines.filter((line) => line === 'investigation.completed')).toHaveLength(1);
  expect(run.steps.map(({ stepIndex }) => stepIndex)).toEqual(run.steps.map((_, at) => at + 1));
  expect(run.steps.every(({ status }) => status === 'completed')).toBe(true);
  const findings = run.steps.flatMap((step) => step.findings);
  expect(findings.filter(({ kind }) => kind === 'change')).toHaveLength(1);
  expect(new Set(findings.map((finding) => JSON.stringify(finding))).size).toBe(findings.length);
}

it('a run resumes within a minute after a crash, and repeats no finding and no progress event', async () => {
  let [tenant] = [await newTenant(server.url)] as [TenantUser];
  await recordDeploy(tenant, 'v42', 5);
  const release = await lockTable(server.database.url, 'findings', 'writers');
  const incidentId = await sendAlert(tenant);
  // Change detection is the only step with a finding; it is cut off while its finding is being stored.
  const before = await runIs(tenant, incidentId, ({ steps }) =>
    steps.some(({ agentName, status }) => agentName === 'change detection' && status === 'running'),
  );
  const done = before.steps.filter(({ status }) => status === 'completed');
  expect(done.length).toBeGreaterThan(0);
  [tenant] = (await restart([tenant])) as [TenantUser];
  await release();

  const run = await ended(tenant, incidentId);
  await expectNothingTwice(tenant, incidentId, run);
  expect(run.investigationId).toBe(before.investigationId);
  expect(run.steps.slice(0, done.length)).toEqual(done);
  expect(run.steps.flatMap(({ findings }) => findings)).toHaveLength(1);
  expect(run.rootCause).toContain('v42');
  expect((await evidenceOf(tenant, incidentId)).filter(({ type }) => type === 'deployment')).toHaveLength(1);
});

it('queued runs of two tenants survive repeated crashes without loss or repetition', async () => {
  let tenants: TenantUser[] = await Promise.all([newTenant(server.url), newTenant(server.url)]);
  for (const tenant of tenants) await recordDeploy(tenant, 'v42', 5);
  const incidents = await Promise.all(
    tenants.map((tenant) => Promise.all(Array.from({ length: 8 }, () => openIncident(tenant)))),
  );
  for (const completed of [2, 5]) {
    await until('a few runs have ended', async () => {
      const runs = await Promise.all(
        incidents.flatMap((ids, at) => ids.map((id) => investigation(tenants[at] as TenantUser, id))),
      );
      return runs.filter((run) => run?.status === 'completed').length >= completed;
    });
    tenants = await restart(tenants);
  }
  for (const [at, ids] of incidents.entries()) {
    const tenant = tenants[at] as TenantUser;
    for (const incidentId of ids) {
      const run = await ended(tenant, incidentId);
      await expectNothingTwice(tenant, incidentId, run);
      expect(
        (await eventsOf(tenant, incidentId)).every(({ data }) => data['incidentId'] === incidentId),
      ).toBe(true);
    }
  }
});
