import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant } from '../support/api.js';
import { HttpRunner } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { approvedPlan, planIs, post } from '../remediation/plan.js';

let server: TestServer;
let hanging: HttpRunner;
let working: HttpRunner;
beforeAll(async () => {
  server = await TestServer.start({ env: { JOB_CONCURRENCY: '4' } });
  hanging = await HttpRunner.start();
  working = await HttpRunner.start();
});
afterAll(async () => {
  await Promise.all([hanging.stop(), working.stop()]);
  await server.stop();
});

it('are not all taken by a tenant whose runner hangs: the incident of another one is investigated and its plan executed', async () => {
  const slow = await newTenant(server.url);
  await hanging.connect(slow.api, ['rollback_deployment']);
  const rehearsed = await approvedPlan(slow);
  hanging.treat('rollback_deployment', 'hang');
  // More than time out while this test waits for the other tenant.
  const dryRuns = Array.from({ length: 100 }, () => post(slow, rehearsed, 'execute', { dryRun: true }));
  expect(new Set((await Promise.all(dryRuns)).map(({ status }) => status))).toEqual(new Set([202]));
  await until('its jobs hold three slots', () => hanging.orders.length >= 3);

  const other = await newTenant(server.url);
  await working.connect(other.api, ['rollback_deployment']);
  const plan = await approvedPlan(other);
  await post(other, plan, 'execute');
  await planIs(other, plan, 'completed');
});
