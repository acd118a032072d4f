import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '#kernel/domain/ids';
import { EVENTS_PER_READ } from '#modules/notifications/application/streams/tenant-feed';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { asApplication, explain, type Plan, type Query, queriesSince } from './queries.js';

const INCIDENTS = 60_000;
const ALERTS = 60;

let database: TestDatabase;
let server: TestServer;
let tenantId: string;
let sender: AlertSender;

beforeAll(async () => {
  database = await cloneDatabase();
  // Like a table in the first minute of a storm, before its first ANALYZE.
  await sql(database.url, 'ALTER TABLE incidents SET (autovacuum_enabled = false)');
  server = await TestServer.start({
    database,
    main: fileURLToPath(new URL('query-logging-server.mjs', import.meta.url)),
  });
  const tenant = await newTenant(server.url);
  tenantId = tenant.tenantId;
  sender = await AlertSender.of(tenant);
  await fillIncidents([tenantId], INCIDENTS);
});
afterAll(async () => {
  await server.stop();
  await removeDatabase(database);
});

/** @param each the number of incidents per tenant */
async function fillIncidents(tenantIds: readonly string[], each: number): Promise<void> {
  await sql(
    database.url,
    `INSERT INTO incidents (tenant_id, incident_id, title, description, severity, status, source, service, created_at, updated_at)
     SELECT tenant_id, 'inc_' || lpad((row_number() OVER ())::text, 26, '0'), 'Pool exhausted', 'All in use', 'low', 'open', 'automated', 's',
            now(), now() + n * interval '1 ms' FROM unnest($1::text[]) AS tenant_id, generate_series(1, $2) AS n`,
    [tenantIds, each],
    tenantIds.join(','),
  );
}

/** Sends alerts concurrently. @returns the queries of triage for incidents, some of them for several at a time */
async function queriesOfTriage(round: string): Promise<Query[]> {
  const mark = server.log.length;
  const triagedBefore = await triaged();
  const sent = Array.from({ length: ALERTS }, (_, at) =>
    sender.send({
      title: 'Nightly report written',
      description: 'As every night.',
      severity: 'low',
      sourceAlertId: `${round}-${String(at)}`,
    }),
  );
  for (const { status } of await Promise.all(sent)) expect(status).toBe(202);
  await until('all were triaged', async () => (await triaged()) === triagedBefore + ALERTS);
  return queriesSince(server, mark).filter(({ sql: text }) =>
    /^UPDATE incidents\b|^SELECT.* FROM incidents\b/s.test(text),
  );
}

/** The statistics have small tenants only; then one of them grows. */
async function analyzeSmallTenants(): Promise<void> {
  const others = Array.from({ length: 10_000 }, () => newId('ten'));
  await sql(database.url, 'TRUNCATE incidents');
  await fillIncidents([tenantId, ...others], 1);
  await sql(database.url, 'ANALYZE incidents');
  await sql(database.url, 'DELETE FROM incidents', [], tenantId);
  await fillIncidents([tenantId], INCIDENTS);
}

async function triaged(): Promise<number> {
  const [row] = await sql<{ n: number }>(
    database.url,
    'SELECT count(*)::int AS n FROM triages WHERE tenant_id = $1',
    [tenantId],
    tenantId,
  );
  return row?.n ?? 0;
}

async function indexesOf(query: Query): Promise<string[]> {
  const plans = await asApplication(database, tenantId, (client) => explain(client, query));
  return plans.flatMap((plan) => accessPathsTo('incidents', plan));
}

/** The indexes by which a plan reads a table; the table's own name for a sequential scan. */
function accessPathsTo(table: string, plan: Plan): string[] {
  const own = plan['Node Type'] === 'Seq Scan' ? plan['Relation Name'] : plan['Index Name'];
  return [
    ...(own?.startsWith(table) ? [own] : []),
    ...(plan.Plans ?? []).flatMap((each) => accessPathsTo(table, each)),
  ];
}

async function fillLog(tenant: TenantUser, ...types: string[]): Promise<void> {
  const events = Array.from({ length: 20_000 }, (_, n) => ({
    tenantId: tenant.tenantId,
    id: newId('evt'),
    type: types[n % types.length],
    data: {},
  }));
  await sql(database.url, 'SELECT append_events($1)', [JSON.stringify(events)], tenant.tenantId);
}

/** The number of events that a query reads. */
function eventsReadFor(query: Query, { tenantId: reader }: TenantUser): Promise<number> {
  return asApplication(database, reader, async (client) => {
    await explain(client, query, 'ANALYZE, FORMAT JSON');
    const { rows } = await client.query<{ n: string }>(
      `SELECT sum(idx_tup_fetch) + sum(seq_tup_read) AS n FROM pg_stat_xact_user_tables WHERE relname LIKE 'events_2%'`,
    );
    return Number(rows[0]?.n);
  });
}

it('relay, streams and the query for the oldest event read about one page of a log without statistics', async () => {
  const tenant = await newTenant(server.url);
  const stream = await EventStream.open(tenant.api);
  const mark = server.log.length;
  await fillLog(tenant, 'approval.requested');
  const polled = await tenant.api.get<{ items: object[] }>('/v1/notifications/events?limit=10');
  expect(polled.body.items).toHaveLength(10);
  const queries = await until('the relay and the stream have read it, too', () => {
    const sent = queriesSince(server, mark).filter(({ parameters }) =>
      parameters.flat().includes(tenant.tenantId),
    );
    const pages = sent.filter(({ sql: text }) => text.includes('data::text'));
    const relayed = pages.find(({ parameters }) => parameters[2] !== EVENTS_PER_READ);
    const fed = pages.find(({ parameters }) => parameters[2] === EVENTS_PER_READ);
    const oldest = sent.find(({ sql: text }) => text.includes('SELECT seq, id FROM'));
    return relayed && fed && oldest && [relayed, fed, oldest];
  });
  stream.close();
  // Several logs may share a pass of the relay.
  for (const query of queries)
    expect([query.sql, (await eventsReadFor(query, tenant)) < 5_000]).toEqual([query.sql, true]);
});

it('a page of a log is read by its primary key even by a plan from when the log was empty', async () => {
  const tenant = await newTenant(server.url);
  const mark = server.log.length;
  await fillLog(tenant, 'approval.requested');
  await tenant.api.get('/v1/notifications/events?limit=10');
  const queries = await until('the relay and a reader have read it', () => {
    const sent = queriesSince(server, mark).filter(({ sql: text }) => text.includes('seq <='));
    const pages = sent.find(({ sql: text }) => text.includes('unnest'));
    const page = sent.find(({ sql: text }) => !text.includes('unnest'));
    return pages && page && [pages, page];
  });
  const empty = await cloneDatabase();
  try {
    for (const query of queries) {
      const plans = await asApplication(empty, tenant.tenantId, (client) => explain(client, query));
      const indexes = plans.flatMap((plan) => accessPathsTo('events', plan));
      expect([query.sql, indexes.length > 0, indexes.filter((index) => !index.endsWith('_pkey'))]).toEqual([
        query.sql,
        true,
        [],
      ]);
    }
  } finally {
    await removeDatabase(empty);
  }
});

it('a page of events of one type reads few other events of a log without statistics', async () => {
  const tenant = await newTenant(server.url);
  await fillLog(tenant, 'incident.status_changed', 'incident.created');
  const ids = await sql<{ id: string }>(
    database.url,
    `SELECT id FROM events WHERE tenant_id = $1 AND type = 'incident.created' ORDER BY seq`,
    [tenant.tenantId],
    tenant.tenantId,
  );
  for (const after of [0, 1, 130, 5_000]) {
    const mark = server.log.length;
    const query = `events=incident.created&limit=100&after=${ids[after]?.id ?? ''}`;
    const { body } = await tenant.api.get<{ items: { id: string }[] }>(`/v1/notifications/events?${query}`);
    expect(body.items.map(({ id }) => id)).toEqual(ids.slice(after + 1, after + 101).map(({ id }) => id));
    const [sent] = queriesSince(server, mark).filter(({ sql: text }) => text.includes('stretch'));
    if (!sent) throw new Error('No query by stretches was sent');
    expect(await eventsReadFor(sent, tenant)).toBeLessThan(1_000);
  }
});
describe('triage reads incidents by their primary key', () => {
  it.each([
    ['before the first ANALYZE', undefined],
    ['after ANALYZE', () => sql(database.url, 'ANALYZE incidents')],
    ['with statistics of small tenants only', analyzeSmallTenants],
  ])('%s', async (when, first) => {
    await first?.();
    const sent = await queriesOfTriage(when);
    const updates = sent.filter(({ sql: text }) => text.startsWith('UPDATE'));
    const selects = sent.filter(({ sql: text }) => text.startsWith('SELECT'));
    expect([updates.length > 0, selects.length > 0]).toEqual([true, true]);
    for (const query of sent)
      expect({ query: query.sql, indexes: await indexesOf(query) }).toEqual({
        query: query.sql,
        indexes: ['incidents_pkey'],
      });
  });
});
