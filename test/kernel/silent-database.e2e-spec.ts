import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let proxy: CuttableProxy;
let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  database = await cloneDatabase();
  const url = new URL(database.url);
  proxy = await CuttableProxy.to(Number(url.port || 5432), url.hostname);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  // The default is about a minute.
  url.searchParams.set('query_timeout', '5000');
  server = await TestServer.start({
    database: { ...database, url: url.href },
    main: 'test/lifecycle/server-with-slow-jobs.mjs',
  });
  tenant = await newTenant(server.url);
});
afterAll(async () => {
  await server.kill();
  await proxy.stop();
  await removeDatabase(database);
});

async function enqueue(): Promise<void> {
  const payload = { tenantId: tenant.tenantId, payload: {}, context: { correlationId: null, actor: null } };
  const jobs = JSON.stringify([{ identifier: 'slow-step', payload }]);
  await sql(database.url, 'SELECT enqueue_jobs($1)', [jobs]);
}

const endStep = (): unknown => process.kill(server.pid, 'SIGUSR2');

/** Whether no job is left. One that is run again has a step to be ended, too. */
async function isDone(): Promise<boolean> {
  endStep();
  const left = await sql(
    database.url,
    `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'slow-step'`,
  );
  return left.length === 0;
}

/** The process of each long-lived connection, without those of the pools. */
async function connections(): Promise<Map<string, number>> {
  const open = await sql<{ name: string; pid: number }>(
    database.url,
    `SELECT application_name AS name, pid FROM pg_stat_activity WHERE datname = current_database()
        AND application_name IN ('causeflow-signals', 'causeflow-workers-alive') ORDER BY backend_start`,
  );
  return new Map(open.map(({ name, pid }) => [name, pid]));
}

it('reconnects when its connections go silent', async () => {
  const before = await until('all is open', async () => {
    const open = await connections();
    return open.size === 2 && open;
  });
  proxy.muteAll();
  await enqueue();
  await until('the job is done', isDone);
  await until('signals and signs of life come by others', async () => {
    const now = await connections();
    return now.size === 2 && [...now].every(([name, pid]) => pid !== before.get(name));
  });
});

it('survives PostgreSQL being away at the end of a job, and runs the job again', async () => {
  const begun = (): number => server.log.split('the slow step began').length;
  const done = (): number => server.log.split('the slow step is done').length;
  const [before, doneBefore] = [begun(), done()];
  await enqueue();
  await until('it is at work', () => begun() > before);
  proxy.close();
  endStep();
  await until('it has ended', () => done() > doneBefore);
  const refused = proxy.refused;
  await until('the end cannot be written, and the next job is polled for', () => proxy.refused > refused + 1);
  proxy.heal();
  await until('it is done', isDone);
  expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
});
