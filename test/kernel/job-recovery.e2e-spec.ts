import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let replicas: TestServer[];
let tenant: TenantUser;
/** Each replica runs one of these for the whole test. */
let running: HeldJob[];
beforeAll(async () => {
  database = await cloneDatabase();
  replicas = [await start(1), await start(1)];
  tenant = await newTenant(replicas[0]?.url ?? '');
  const jobs = [1, 2].map(() => ({ identifier: 'endless', payload: payload() }));
  await sql(database.url, 'SELECT enqueue_jobs($1)', [JSON.stringify(jobs)]);
  await until('each replica runs one job', () =>
    replicas.every(({ log }) => log.includes('the endless job began')),
  );
  await sql(database.url, `${LONG_AGO} WHERE locked_by IS NOT NULL`);
  running = await held();
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await removeDatabase(database);
});

const start = (concurrency: number): Promise<TestServer> =>
  TestServer.start({
    ...{
      database,
      main: 'test/lifecycle/server-with-slow-jobs.mjs',
      env: { JOB_CONCURRENCY: String(concurrency) },
    },
  });

interface HeldJob {
  readonly id: string;
  readonly pool: string;
}

const LONG_AGO = `UPDATE graphile_worker._private_jobs SET locked_at = now() - interval '1 minute'`;

const payload = () => ({
  tenantId: tenant.tenantId,
  payload: {},
  context: { correlationId: null, actor: null },
});

const held = (): Promise<HeldJob[]> =>
  sql(
    database.url,
    `SELECT id::text, locked_by AS pool FROM graphile_worker.jobs
      WHERE task_identifier = 'endless' AND locked_by IS NOT NULL ORDER BY id`,
  );

/** A job in its own queue, both locked by a pool long ago. */
async function takenBy(pool: string): Promise<string> {
  const [job] = await sql<{ id: string }>(
    database.url,
    `SELECT id::text FROM graphile_worker.add_job('endless', $1, queue_name := $2)`,
    [JSON.stringify(payload()), `taken by ${pool}`],
  );
  const id = job?.id ?? '';
  await sql(database.url, `${LONG_AGO}, locked_by = $2 WHERE id = $1`, [id, pool]);
  await sql(
    database.url,
    `UPDATE graphile_worker._private_job_queues SET locked_at = now() - interval '1 minute', locked_by = $1 WHERE queue_name = $2`,
    [pool, `taken by ${pool}`],
  );
  return id;
}

const isFreed = (id: string) =>
  until('the job and its queue are unlocked', async () => {
    const [job] = await sql(
      database.url,
      `SELECT FROM graphile_worker._private_jobs AS job JOIN graphile_worker._private_job_queues AS queue ON queue.id = job.job_queue_id
        WHERE job.id = $1 AND job.locked_by IS NULL AND queue.locked_by IS NULL`,
      [id],
    );
    return job !== undefined;
  });

const guards = (): Promise<{ pid: number; locks: number }[]> =>
  sql(
    database.url,
    `SELECT pid, (SELECT count(*)::int FROM pg_locks l WHERE l.pid = a.pid AND locktype = 'advisory' AND granted) AS locks
       FROM pg_stat_activity a WHERE application_name = 'causeflow-workers-alive' AND datname = current_database()`,
  );

it('does not take a live replica for dead while the replicas reconnect after PostgreSQL was away', async () => {
  const before = (await guards()).map(({ pid }) => pid);
  expect(before).toHaveLength(2);
  await sql(database.url, 'SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [before]);
  await until('both hold their locks again', async () => {
    const now = await guards();
    return now.length === 2 && now.every(({ pid, locks }) => locks > 0 && !before.includes(pid));
  });
  expect(await held()).toEqual(running);
  expect(replicas.map(({ log }) => log).join('')).not.toContain('Freed');
});

it('frees the jobs of dead pools, and no job of a live one, however long it takes', async () => {
  // The replica that freed the second one has scanned the jobs of live pools twice by then.
  for (const pool of ['pool-dead-one', 'pool-dead-two']) await isFreed(await takenBy(pool));
  expect(await held()).toEqual(running);
});

it('frees a job that was locked for a live pool and never reached it, and no other job of that pool', async () => {
  const [{ pool }] = running as [HeldJob];
  await isFreed(await takenBy(pool));
  expect(await held()).toEqual(running);
});

it('keeps a job that was freed and taken by another process while this one ran it, whatever becomes of that process', async () => {
  // It runs what the tests before have left, too.
  const replica = await start(9);
  replicas.push(replica);
  const jobs = JSON.stringify([{ identifier: 'slow-step', payload: payload() }]);
  await sql(database.url, 'SELECT enqueue_jobs($1)', [jobs]);
  const begun = (): number => replica.log.split('the slow step began').length - 1;
  await until('it runs', () => begun() === 1);
  // Another process took it, and died at once.
  const [taken] = await sql<{ id: string }>(
    database.url,
    `UPDATE graphile_worker._private_jobs AS job SET locked_by = 'pool-that-died', locked_at = now(), attempts = job.attempts + 1
       FROM graphile_worker.jobs AS shown WHERE shown.id = job.id AND task_identifier = 'slow-step' RETURNING job.id::text`,
  );
  process.kill(replica.pid, 'SIGUSR2');
  await until('it runs again', () => begun() === 2);
  process.kill(replica.pid, 'SIGUSR2');
  await until('it ends', async () => {
    const left = await sql(database.url, 'SELECT FROM graphile_worker.jobs WHERE id = $1', [taken?.id]);
    return left.length === 0;
  });
});
