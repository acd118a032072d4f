import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
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
  server = await TestServer.start({ database: { ...database, url: url.href } });
  tenant = await newTenant(server.url);
});
afterAll(async () => {
  await server.stop();
  await proxy.stop();
  await removeDatabase(database);
});

/** Attaches evidence, while the incident is locked. @returns how its header is stored: who asks for it, the answer, and how to let it go on */
async function attach(): Promise<{
  readonly path: string;
  readonly port: number;
  readonly status: Promise<number>;
  readonly goOn: () => Promise<void>;
}> {
  const { api, tenantId } = tenant;
  const { body: incident } = await api.post('/v1/incidents', {
    title: 'x',
    description: 'x',
    severity: 'info',
  });
  const path = `/v1/incidents/${String(incident['incidentId'])}/evidence`;
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
  await holder.query('BEGIN');
  await holder.query('SELECT FROM incidents WHERE incident_id = $1 FOR UPDATE', [incident['incidentId']]);
  const status = api
    .post(path, { type: 'note', source: 'x', content: 'kept' })
    .then((answer) => answer.status);
  const port = await until('the header waits for the incident', async () => (await waiting())[0]?.port);
  return { path, port, status, goOn: () => holder.end() };
}

const waiting = (): Promise<{ port: number }[]> =>
  sql<{ port: number }>(
    database.url,
    `SELECT client_port AS port FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%incident_evidence%'`,
  );

/** How many batches of rows each evidence of the incident has. */
async function stored(path: string): Promise<number[]> {
  const { items } = (await tenant.api.get<{ items: { evidenceId: string }[] }>(path)).body;
  const batches = items.map(({ evidenceId }) =>
    sql(
      database.url,
      'SELECT FROM incident_evidence_chunks WHERE evidence_id = $1',
      [evidenceId],
      tenant.tenantId,
    ),
  );
  return (await Promise.all(batches)).map(({ length }) => length);
}

it('evidence that was stored keeps its rows when the answer of PostgreSQL is lost', async () => {
  const { path, port, status, goOn } = await attach();
  proxy.breakInAnswers(port);
  await goOn();
  expect(await status).toBe(503);
  await until('it is shown', async () => (await stored(path)).length === 1);
  expect(await stored(path)).toEqual([1]);
});

it('evidence whose rows were dropped, because the connection broke before it was stored, is not shown', async () => {
  const { path, port, status, goOn } = await attach();
  proxy.break(port);
  expect(await status).toBe(503);
  // PostgreSQL does not know yet that nobody waits for the answer.
  expect(await waiting()).toEqual([{ port }]);
  await goOn();
  await until('PostgreSQL has ended the connection', async () => {
    const query = 'SELECT FROM pg_stat_activity WHERE client_port = $1';
    return (await sql(database.url, query, [port])).length === 0;
  });
  expect(await stored(path)).toEqual([]);
});
