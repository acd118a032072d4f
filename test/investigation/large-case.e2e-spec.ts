import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  ended,
  skipRetryDelay,
  incidentStatus,
  investigation,
  minutesAgo,
  openQuietIncident,
  runIs,
  start,
  story,
} from './cases.js';

let server: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env: { INVESTIGATION_MEMORY_MB: '32' } });
});
afterAll(() => server.stop());

/** An incident with far more evidence than the memory limit of this test allows. */
async function hugeIncident(tenant: TenantUser): Promise<string> {
  const incidentId = await openQuietIncident(tenant);
  const lines = Array.from({ length: 90_000 }, (_, at) =>
    JSON.stringify({
      timestamp: minutesAgo(60 - at / 1_500),
      entity: `svc${at % 60}`,
      level: at < 80_000 ? 'info' : 'error',
      message: `${'a long line of a chatty program '.repeat(8)} number ${at}`,
    }),
  );
  const attached = await tenant.api.post(
    `/v1/incidents/${incidentId}/evidence?type=log&source=loki`,
    lines.join('\n'),
    { headers: { 'content-type': 'application/x-ndjson' } },
  );
  expect(attached.status).toBe(201);
  return incidentId;
}

it('a run that exceeds its memory fails with the reason; the server and other runs are not affected', async () => {
  const tenant = await newTenant(server.url);
  const incidentId = await hugeIncident(tenant);
  expect((await start(tenant, incidentId)).status).toBe(202);
  const { investigationId = '' } = (await investigation(tenant, incidentId)) ?? {};
  let answered = 0;
  const run = await until(
    'it failed',
    async () => {
      await skipRetryDelay(server.database.url, tenant, investigationId);
      const other = await openQuietIncident(tenant);
      await start(tenant, other);
      expect((await ended(tenant, other)).status).toBe('inconclusive');
      answered += 1;
      const now = await investigation(tenant, incidentId);
      return now?.status === 'failed' && now;
    },
    240,
  );
  expect(answered).toBeGreaterThan(0);
  expect(run.steps.flatMap(({ findings }) => findings)).toEqual([]);
  expect(run.failure).toBe('It needs more than 32 MiB of memory.');
  expect(await incidentStatus(tenant, incidentId)).toBe('open');
  expect(() => process.kill(server.pid, 0)).not.toThrow();
});

it('a process that is stopped during an analysis ends cleanly, and another one resumes without repetition', async () => {
  const api = await TestServer.start({ env: { ROLE: 'api' } });
  const work = () => TestServer.start({ env: { ROLE: 'worker' }, database: api.database });
  try {
    const first = await work();
    const tenant = await newTenant(api.url);
    const incidentId = await hugeIncident(tenant);
    expect((await start(tenant, incidentId)).status).toBe(202);
    await runIs(tenant, incidentId, ({ steps }) => steps.slice(1).some(({ status }) => status === 'running'));
    expect(await first.stop()).toBe(0);
    const second = await work();
    const run = await ended(tenant, incidentId);
    expect(run.steps.every(({ status }) => status === 'completed')).toBe(true);
    expect(run.steps.flatMap(({ findings }) => findings).length).toBeGreaterThan(0);
    const lines = await story(tenant, incidentId);
    expect(lines.filter((line) => line.startsWith('progress'))).toEqual(
      run.steps.map((_, at) => `progress ${at + 1}`),
    );
    expect(lines.filter((line) => line === 'investigation.completed')).toHaveLength(1);
    await second.stop();
  } finally {
    await api.stop();
  }
});
