import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { Api, newTenant } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

/** Half a minute by default. */
const env = { REPLICA_TIMEOUT_SECONDS: '4' };

let database: TestDatabase;
let frozen: TestServer;
let other: TestServer;
beforeEach(async () => {
  database = await cloneDatabase();
});
afterEach(async () => {
  for (const server of [other, frozen]) await server.kill();
  await removeDatabase(database);
});

const count = (text: string): number =>
  [frozen, other].reduce((sum, { log }) => sum + log.split(text).length - 1, 0);

async function metric({ url }: TestServer, name: string): Promise<number> {
  const { body } = await new Api(url).get<string>('/metrics');
  const line = body.split('\n').find((each) => each.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}
const WAITS_FOR_LOCK = `wait_event = 'advisory'`;
const WAITS_FOR_TRANSACTION = `wait_event = 'transactionid'`;
const sessions = (which: string): Promise<{ pid: number }[]> =>
  sql(
    database.url,
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'causeflow' AND ${which}`,
  );
const RELAYED = 'causeflow_events_relayed_total';

it('a frozen relay is given up, and what it does when it goes on has no second effect', async () => {
  const main = 'test/kernel/server-with-handlers.mjs';
  frozen = await TestServer.start({ database, main, env });
  const { api, tenantId } = await newTenant(frozen.url);
  const title = 'waits for somebody who is frozen';
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('SELECT pg_advisory_lock(hashtext($1))', [title]);
  await api.post('/v1/incidents', { title, description: 'x', severity: 'info' });
  await until('its handler waits', () => frozen.log.includes('waiting at'));
  await until('no other transaction would freeze with it', async () => {
    const { body } = await api.get<{ items: { status: string }[] }>('/v1/incidents');
    return body.items[0]?.status === 'open' && (await sessions('xact_start IS NOT NULL')).length === 1;
  });
  const before = await metric(frozen, RELAYED);
  process.kill(frozen.pid, 'SIGSTOP');

  other = await TestServer.start({ database, main, env });
  await until('the other one takes over', async () => (await sessions(WAITS_FOR_TRANSACTION)).length > 0);
  // As statement_timeout does after half a minute.
  for (const { pid } of await sessions(WAITS_FOR_LOCK))
    await sql(database.url, 'SELECT pg_cancel_backend($1)', [pid]);
  await until('its handler goes on', () => other.log.includes('waiting at'));
  await holder.end();
  const isRelayed = async (): Promise<boolean | undefined> => {
    const [log] = await sql<{ done: boolean }>(
      database.url,
      'SELECT seq = relayed AND NOT EXISTS (SELECT FROM owed_events) AS done FROM event_stream',
      [],
      tenantId,
    );
    return log?.done;
  };
  await until('all is relayed', isRelayed);
  const meanwhile = await metric(other, RELAYED);
  process.kill(frozen.pid, 'SIGCONT');
  await until('it has noticed', () => frozen.log.includes('Waiting failed on'));
  const turn = 'causeflow_tenants_held_up{by="relay",reason="slow"}';
  await until('its turn has ended', async () => (await metric(frozen, turn)) === 0);
  await until('nothing is owed', isRelayed);
  expect(count('waiting did')).toBe(1);
  // Its position, which is an old one by now, has not taken the other one back.
  expect((await metric(frozen, RELAYED)) + (await metric(other, RELAYED))).toBe(before + meanwhile);
}, 180_000);

it('a job of a frozen worker runs elsewhere', async () => {
  const main = 'test/lifecycle/server-with-slow-jobs.mjs';
  frozen = await TestServer.start({ database, main, env });
  const { tenantId } = await newTenant(frozen.url);
  const payload = { tenantId, payload: {}, context: { correlationId: null, actor: null } };
  const jobs = JSON.stringify([{ identifier: 'slow-step', payload }]);
  await sql(database.url, 'SELECT enqueue_jobs($1)', [jobs]);
  await until('it runs', () => frozen.log.includes('the slow step began'));
  process.kill(frozen.pid, 'SIGSTOP');

  other = await TestServer.start({ database, main, env });
  await until('it runs elsewhere', () => other.log.includes('the slow step began'));
  process.kill(frozen.pid, 'SIGCONT');
  process.kill(frozen.pid, 'SIGUSR2');
  await until('the first one goes on', () => frozen.log.includes('taken for dead'));
  process.kill(other.pid, 'SIGUSR2');
  await until('the job is done', async () => {
    const left = await sql(
      database.url,
      `SELECT FROM graphile_worker.jobs WHERE task_identifier = 'slow-step'`,
    );
    return left.length === 0;
  });
  expect(count('the slow step is done')).toBe(2);
}, 180_000);
