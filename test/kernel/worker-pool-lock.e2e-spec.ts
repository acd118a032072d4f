import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { WorkerPoolLock } from '#kernel/jobs/worker-pool-lock';
import { Database } from '#kernel/persistence/database';
import { CuttableProxy } from '../replicas/cuttable-proxy.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { becomePrimary, becomeStandby } from '../support/standby.js';
import { until } from '../support/until.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => removeDatabase(database));

const connections = (): Promise<object[]> =>
  sql(
    database.url,
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'causeflow-workers-alive' AND datname = current_database()`,
  );

it('leaves no connection behind when it is released while it connects', async () => {
  const lock = new WorkerPoolLock(new Database(database.url), 'pool-stopping');
  const holding = lock.hold();
  await lock.release();
  await holding;
  await until('the connection is closed', async () => (await connections()).length === 0);
});

it('is not held on a standby, where it would exclude nobody', async () => {
  const lock = new WorkerPoolLock(new Database(database.url), 'pool-of-a-failover');
  await becomeStandby(database);
  await expect(lock.hold()).rejects.toThrow('standby');
  await becomePrimary(database);
  await lock.hold();
  expect(await connections()).toHaveLength(1);
  await lock.release();
});

it('is taken again after its connection broke silently', async () => {
  const url = new URL(database.url);
  const proxy = await CuttableProxy.to(Number(url.port || 5432), url.hostname);
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  // The default is about a minute.
  url.searchParams.set('query_timeout', '3000');
  const lock = new WorkerPoolLock(new Database(url.href), 'pool-cut-off');
  await lock.hold();
  proxy.muteAll();
  await expect(lock.hold()).rejects.toThrow('timeout');
  await lock.hold();
  expect(await connections()).toHaveLength(1);
  await lock.release();
  await proxy.stop();
});
