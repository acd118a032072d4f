import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { ended, evidenceOf, openIncident } from '../investigation/cases.js';
import { newTenant, type TenantUser } from '../support/api.js';
import { emptyDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const role = `watcher_${randomBytes(6).toString('hex')}`;
const password = randomBytes(12).toString('hex');
const INCIDENT = {
  title: 'Checkout is slow',
  description: 'p99 latency above 2 s',
  severity: 'high',
  service: 'checkout',
};

let server: TestServer;
let orders: TestDatabase;
let tenant: TenantUser;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  [server, orders] = await Promise.all([TestServer.start(), emptyDatabase()]);
  tenant = await newTenant(server.url);
  await sql(orders.url, `CREATE ROLE ${role} LOGIN PASSWORD '${password}'`);
  // The role sees only its own statements, and could write if its session allowed it.
  await sql(orders.url, 'CREATE TABLE orders (id integer PRIMARY KEY, note text)');
  await sql(orders.url, `GRANT ALL ON orders TO ${role}`);
  await sql(orders.url, `INSERT INTO orders VALUES (1, 'first')`);
});
afterAll(async () => {
  await Promise.all(sessions.map((session) => session.end()));
  await removeDatabase(orders);
  await sql(server.database.url, `DROP ROLE ${role}`);
  await server.stop();
});

async function session(): Promise<pg.Client> {
  const url = new URL(orders.url);
  Object.assign(url, { username: role, password });
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  sessions.push(client);
  return client;
}

function connect(user: TenantUser, credentials: object, config: object = {}) {
  const { hostname, port, pathname } = new URL(orders.url);
  return user.api.post('/v1/integrations/postgresql/connect', {
    label: 'Orders database',
    config: { host: hostname, port: Number(port), database: pathname.slice(1), tls: 'off', ...config },
    credentials,
  });
}

it('is refused with a wrong password, and the error does not contain it', async () => {
  const wrong = randomBytes(12).toString('hex');
  const answer = await connect(tenant, { username: role, password: wrong });
  expect(answer).toMatchObject({ status: 422, body: { error: 'connection_failed' } });
  expect(answer.body['message']).toContain('password authentication failed');
  expect(JSON.stringify(answer.body)).not.toContain(wrong);
});

it('supplies lock waits and their blocking sessions, and changes nothing', async () => {
  const answer = await connect(tenant, { username: role, password }, { services: ['checkout'] });
  expect(answer.status).toBe(201);
  expect(JSON.stringify(answer.body)).not.toContain(password);
  const [holder, waiter, watcher] = [await session(), await session(), await session()];
  await holder.query('BEGIN');
  await holder.query(`UPDATE orders SET note = 'secret of Ada' WHERE id = 1`);
  const waiting = waiter.query(`UPDATE orders SET note = 'second' WHERE id = 1`);
  await until('one session has waited for the other for 5 s', async () => {
    const blocked = await watcher.query(
      `SELECT FROM pg_stat_activity
        WHERE cardinality(pg_blocking_pids(pid)) > 0 AND query_start < now() - interval '5 seconds'`,
    );
    return Number(blocked.rowCount) > 0;
  });
  const incidentId = await openIncident(tenant, INCIDENT);
  const run = await ended(tenant, incidentId);
  await holder.query('ROLLBACK');
  await waiting;

  const evidence = (await evidenceOf(tenant, incidentId)).filter(({ source }) => source === 'postgresql');
  const locks = evidence.find(({ content }) => content.includes('behind session'));
  expect(locks).toMatchObject({ type: 'database', query: expect.stringContaining('pg_blocking_pids') });
  expect(locks?.content).toMatch(
    /waits on Lock transactionid for \d+ s behind session \d+, idle in transaction, in a transaction for \d+ s/,
  );
  expect(run.rootCause).toMatch(
    /lets sessions wait \d+ s for a lock, mostly .*behind session \d+, idle in transaction/,
  );
  const measured = evidence.find(({ content }) => content.includes('"metric":"longest_lock_wait"'));
  expect(run.hypotheses[0]?.supportedBy).toContain(measured?.evidenceId);
  expect(locks?.content).toContain('UPDATE orders SET note = ? WHERE id = ?');
  const all = evidence.map(({ content }) => content).join('\n');
  expect(all).not.toContain('secret of Ada');
  expect(all).toContain('"metric":"connections_used"');
  expect(all).toMatch(/\d+ of \d+ connections are in use/);
  expect(await sql(orders.url, 'SELECT note FROM orders')).toEqual([{ note: 'second' }]);
});

it('is not queried for other services or for another tenant', async () => {
  const other = await openIncident(tenant, { ...INCIDENT, service: 'billing' });
  const stranger = await newTenant(server.url);
  const theirs = await openIncident(stranger, INCIDENT);
  await Promise.all([ended(tenant, other), ended(stranger, theirs)]);
  for (const [user, incidentId] of [[tenant, other], [stranger, theirs]] as const) {
    const sources = (await evidenceOf(user, incidentId)).map(({ source }) => source);
    expect(sources).not.toContain('postgresql');
  } // prettier-ignore
});

it('that refuses logins is reported as missing evidence, and the run ends', async () => {
  const other = await newTenant(server.url);
  expect((await connect(other, { username: role, password })).status).toBe(201);
  await sql(orders.url, `ALTER ROLE ${role} NOLOGIN`);
  const incidentId = await openIncident(other, INCIDENT);
  const run = await ended(other, incidentId);
  expect(run.status).toBe('inconclusive');
  expect(run.missingEvidence).toContainEqual(
    expect.stringMatching(/^Orders database: PostgreSQL answered: .*not permitted to log in\.$/),
  );
});

it('that has no connection left is the root cause', async () => {
  const other = await newTenant(server.url);
  await sql(orders.url, `ALTER ROLE ${role} LOGIN CONNECTION LIMIT -1`);
  expect((await connect(other, { username: role, password })).status).toBe(201);
  await sql(orders.url, `ALTER ROLE ${role} CONNECTION LIMIT 0`);
  const run = await ended(other, await openIncident(other, INCIDENT));
  expect(run.rootCause).toContain('has no connection left');
  expect(run.missingEvidence).toContainEqual(
    expect.stringMatching(/^Orders database: PostgreSQL answered: too many connections for role/),
  );
});
