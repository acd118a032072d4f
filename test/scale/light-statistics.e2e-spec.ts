import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { newId } from '#kernel/domain/ids';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';

const ROWS = 4_000;
/** By default PostgreSQL would take them all. */
const SAMPLED = 3_000;
const LATER = { moment: '2031-05-06T07:08:09Z', month: 'events_2031_05' };

let database: TestDatabase;
let growing: string[];

beforeAll(async () => {
  database = await cloneDatabase();
  await sql(database.url, 'SELECT make_event_month($1)', [LATER.moment]);
  const months = await sql<{ name: string }>(
    database.url,
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass`,
  );
  growing = ['alerts', 'incidents', 'triages', ...months.map(({ name }) => name)];
});
afterAll(() => removeDatabase(database));

it('the tables that grow with every alert are analyzed once half of their rows are new', async () => {
  expect(growing).toContain(LATER.month);
  const others = await sql(
    database.url,
    `SELECT relname FROM pg_class WHERE oid = ANY ($1::regclass[])
        AND NOT coalesce(reloptions, '{}') @> '{autovacuum_analyze_scale_factor=0.5}'`,
    [growing],
  );
  expect(others).toEqual([]);
});

it('each of their columns asks for few rows: one that does not makes ANALYZE read ten times as many', async () => {
  const others = await sql(
    database.url,
    `SELECT attrelid::regclass, attname FROM pg_attribute
      WHERE attrelid = ANY ($1::regclass[]) AND attnum > 0 AND NOT attisdropped AND attstattarget IS DISTINCT FROM 10`,
    [growing],
  );
  expect(others).toEqual([]);
});

it('ANALYZE takes a sample of that size', async () => {
  const tenantId = newId('ten');
  await sql(
    database.url,
    `INSERT INTO alerts (tenant_id, incident_id, provider, raw, received_at, last_seen_at)
     SELECT $1, 'inc_' || lpad(n::text, 26, '0'), 'custom', '{}', now(), now() FROM generate_series(1, $2) AS n`,
    [tenantId, ROWS],
    tenantId,
  );
  const client = new pg.Client({ connectionString: database.url });
  const notices: string[] = [];
  client.on('notice', ({ message }) => notices.push(message ?? ''));
  await client.connect();
  try {
    await client.query('ANALYZE VERBOSE alerts');
  } finally {
    await client.end();
  }
  expect(notices.join('\n')).toContain(`containing ${String(ROWS)} live rows`);
  expect(notices.join('\n')).toContain(`${String(SAMPLED)} rows in sample`);
});
