import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let replicas: TestServer[];
let tenant: TenantUser;
/** Each replica works at one of these, and at nothing else ever. */
let atWork: HeldJob[];
beforeAll(async () => {
  database = await cloneDatabase();
  const start = (): Promise<TestServer> =>
    TestServer.start({
      ...{ database, main: 'test/lifecycle/server-with-slow-jobs.mjs', env: { JOB_CONCURRENCY: '1' } },
    });
  replicas = [await start(), await start()];
  tenant = await newTenant(replicas[0]?.url ?? '');
  const jobs = [1, 2].map(() => ({ identifier: 'endless', payload: payload() }));
  await sql(database.url, 'SELECT enqueue_jobs($1)', [JSON.stringify(jobs)]);
  await until('each has one', () => replicas.every(({ log }) => log.includes('the endless job began')));
  await sql(database.url, `${LONG_AGO} WHERE locked_by IS NOT NULL`);
  atWork = await held();
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await removeDatabase(database);
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

/** A job that a pool took long ago, in a queue of its own. */
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
  until('it is freed, and its queue', async () => {
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

it('those who come back after PostgreSQL was away are not taken for dead, whoever comes first', async () => {
  const before = (await guards()).map(({ pid }) => pid);
  expect(before).toHaveLength(2);
  await sql(database.url, 'SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [before]);
  await until('both hold their locks again', async () => {
    const now = await guards();
    return now.length === 2 && now.every(({ pid, locks }) => locks > 0 && !before.includes(pid));
  });
  expect(await held()).toEqual(atWork);
  expect(replicas.map(({ log }) => log).join('')).not.toContain('Freed job');
});

it('the jobs of the dead are freed, and those of the living are not, however long they take', async () => {
  // Who has freed the second has looked at everybody's often enough.
  for (const pool of ['pool-dead-one', 'pool-dead-two']) await isFreed(await takenBy(pool));
  expect(await held()).toEqual(atWork);
});

it('a job is freed that was given to the living and never came to them, and no other of theirs', async () => {
  const [{ pool }] = atWork as [HeldJob];
  await isFreed(await takenBy(pool));
  expect(await held()).toEqual(atWork);
});
