// What src/kernel/jobs/graphile-internals.ts relies on. After an upgrade of graphile-worker: read that file against the new
// version, look for supported ways to do the same, then change the versions here and there.
import { readFileSync } from 'node:fs';
import { EventEmitter } from 'node:events';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Logger, type Runner, run, type Worker, type WorkerEvents } from 'graphile-worker';
import pg from 'pg';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

let database: TestDatabase;
let pool: pg.Pool;
let runner: Runner | undefined;
beforeAll(async () => {
  database = await cloneDatabase();
  const ignore = (): void => undefined;
  pool = new pg.Pool({ connectionString: database.url, max: 3 });
  pool.on('error', ignore).on('connect', (client) => client.on('error', ignore));
});
afterAll(async () => {
  await runner?.stop();
  await pool.end();
  await removeDatabase(database);
});

const silent = new Logger(() => () => undefined);

it('is the version that was read', async () => {
  const { version } = JSON.parse(readFileSync('node_modules/graphile-worker/package.json', 'utf8')) as {
    version: string;
  };
  const [migrated] = await sql(database.url, 'SELECT max(id) AS revision FROM graphile_worker.migrations');
  expect({ version, ...migrated }).toEqual({ version: '0.17.3', revision: 19 });
});

it('locks job and queue by the id of the pool, and does not wait for the write that ends a job', async () => {
  const events: WorkerEvents = new EventEmitter();
  const pools: string[] = [];
  const workers: Worker[] = [];
  const ended: string[] = [];
  events.on('pool:create', ({ workerPool }) => pools.push(workerPool.id));
  events.on('worker:create', ({ worker }) => workers.push(worker));
  events.on('job:complete', ({ job }) => ended.push(job.id));
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  runner = await run({
    ...{ pgPool: pool, events, logger: silent, concurrency: 1, noHandleSignals: true },
    taskList: { held: () => finished },
  });
  const [job] = await sql<{ id: string }>(
    database.url,
    `SELECT id::text FROM graphile_worker.add_job('held', queue_name := 'of its own')`,
  );
  await until('the worker runs it', () => workers[0]?.getActiveJob()?.id === job?.id);
  const locks = await sql(
    database.url,
    `SELECT job.locked_by AS job, queue.locked_by AS queue, attempts
       FROM graphile_worker.jobs AS job JOIN graphile_worker._private_job_queues AS queue USING (queue_name)`,
  );
  expect(locks).toEqual([{ job: pools[0], queue: pools[0], attempts: 1 }]);

  const blocker = new pg.Client({ connectionString: database.url });
  await blocker.connect();
  try {
    await blocker.query('BEGIN; LOCK TABLE graphile_worker._private_jobs IN SHARE MODE');
    finish();
    await until('it has ended for the worker', () => ended.length === 1);
    expect(workers[0]?.getActiveJob()).toBeNull();
    expect(await sql(database.url, 'SELECT id::text FROM graphile_worker.jobs')).toEqual([job]);
  } finally {
    await blocker.end();
  }
  await until(
    'it is deleted',
    async () => (await sql(database.url, 'SELECT FROM graphile_worker.jobs')).length === 0,
  );
});

it('lets a job that is added again while it runs go on, as its last attempt', async () => {
  const add = `SELECT FROM graphile_worker.add_job('nobody-does', job_key := 'twice')`;
  await sql(database.url, add);
  await sql(
    database.url,
    `UPDATE graphile_worker._private_jobs SET locked_by = 'its pool', locked_at = now(), attempts = 1`,
  );
  await sql(database.url, add);
  const jobs = `SELECT locked_by AS pool, attempts = max_attempts AS last FROM graphile_worker.jobs ORDER BY id`;
  expect(await sql(database.url, jobs)).toEqual([
    { pool: 'its pool', last: true },
    { pool: null, last: false },
  ]);
});
