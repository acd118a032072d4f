import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let replicas: TestServer[];
let tenant: TenantUser;
beforeAll(async () => {
  database = await cloneDatabase();
  const start = (): Promise<TestServer> =>
    TestServer.start({
      ...{ database, main: 'test/lifecycle/server-with-slow-jobs.mjs', env: { JOB_CONCURRENCY: '1' } },
    });
  replicas = [await start(), await start()];
  tenant = await newTenant(replicas[0]?.url ?? '');
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await removeDatabase(database);
});

const guards = (): Promise<{ pid: number; locks: number }[]> =>
  sql(
    database.url,
    `SELECT pid, (SELECT count(*)::int FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND granted) AS locks
       FROM pg_stat_activity a WHERE application_name = 'causeflow-workers-alive' AND datname = current_database()`,
  );

it('those who come back after PostgreSQL was away are not taken for dead, whoever comes first', async () => {
  const payload = { tenantId: tenant.tenantId, payload: {}, context: { correlationId: null, actor: null } };
  const jobs = [1, 2].map(() => ({ identifier: 'endless', payload }));
  await sql(database.url, 'SELECT enqueue_jobs($1)', [JSON.stringify(jobs)]);
  await until('each has one', () => replicas.every(({ log }) => log.includes('the endless job began')));
  await sql(
    database.url,
    `UPDATE graphile_worker._private_jobs SET locked_at = locked_at - interval '1 minute' WHERE locked_by IS NOT NULL`,
  );
  const before = (await guards()).map(({ pid }) => pid);
  expect(before).toHaveLength(2);
  await sql(database.url, 'SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [before]);
  await until('both hold their locks again', async () => {
    const now = await guards();
    return now.length === 2 && now.every(({ pid, locks }) => locks > 0 && !before.includes(pid));
  });
  const held = await sql(
    database.url,
    `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'endless' AND locked_by IS NOT NULL`,
  );
  expect(held).toHaveLength(2);
  expect(replicas.map(({ log }) => log).join('')).not.toContain('Freed the jobs of');
});
