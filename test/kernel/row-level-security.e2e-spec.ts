import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { newTenant, AlertSender, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';

let server: TestServer;
let tenant: TenantUser;
let stranger: TenantUser;
let tables: string[];
beforeAll(async () => {
  server = await TestServer.start();
  [tenant, stranger] = [await newTenant(server.url), await newTenant(server.url)];
  const sender = await AlertSender.of(tenant);
  await sender.send({ title: 'High error rate', description: '5xx above 5 %' });
  const rows = await sql<{ name: string }>(
    server.database.url,
    `SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE a.attname = 'tenant_id' AND NOT a.attisdropped AND c.relkind IN ('r', 'p') AND NOT c.relispartition
        AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
  );
  tables = rows.map(({ name }) => name);
});
afterAll(() => server.stop());

/** What the application would see without any WHERE. */
async function asApplication<R>(
  tenantId: string | undefined,
  work: (client: pg.Client) => Promise<R>,
): Promise<R> {
  const client = new pg.Client({ connectionString: server.database.url, options: '-c role=causeflow_app' });
  await client.connect();
  try {
    if (tenantId) await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
    return await work(client);
  } finally {
    await client.end();
  }
}
const count = async (table: string, tenantId: string | undefined): Promise<number> =>
  asApplication(tenantId, async (client) => {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    return Number(rows[0]?.count);
  });

describe('row-level security', () => {
  it('is enabled and forced on every table with tenants’ rows', async () => {
    expect(tables).toEqual(
      expect.arrayContaining(['tenants', 'users', 'sessions', 'api_keys', 'incidents', 'events']),
    );
    const open = await sql(
      server.database.url,
      `SELECT oid::regclass::text AS name FROM pg_class
        WHERE oid = ANY ($1::text[]::regclass[]) AND NOT (relrowsecurity AND relforcerowsecurity)`,
      [tables],
    );
    expect(open).toEqual([]);
  });

  it('filters by the column that leads every key, except the keys that identify a caller', async () => {
    const others = await sql<{ name: string }>(
      server.database.url,
      `SELECT i.indexrelid::regclass::text AS name
         FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = ANY ($1::text[]::regclass[]) AND i.indisunique AND a.attname <> 'tenant_id' ORDER BY 1`,
      [tables],
    );
    expect(others.map(({ name }) => name)).toEqual([
      'api_keys_by_hash',
      'integrations_by_ingest_token',
      'users_by_email',
    ]);
  });

  it('has statistics that expect many tenants, in every month of the log too', async () => {
    const others = await sql(
      server.database.url,
      `SELECT attrelid::regclass::text AS name FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE attname = 'tenant_id' AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
          AND (attrelid = ANY ($1::text[]::regclass[]) OR relispartition)
          AND attoptions IS DISTINCT FROM '{n_distinct=100,n_distinct_inherited=100}'`,
      [tables],
    );
    expect(others).toEqual([]);
  });

  it('keeps the application from reading partitions past the table they belong to', async () => {
    const readable = await sql(
      server.database.url,
      `SELECT c.relname FROM pg_class c
        WHERE c.relispartition AND c.relkind = 'r' AND has_table_privilege('causeflow_app', c.oid, 'SELECT')`,
    );
    expect(readable).toEqual([]);
  });

  it('shows a tenant only its own rows when the application forgets its WHERE', async () => {
    const own = await Promise.all(
      ['tenants', 'users', 'api_keys', 'incidents', 'alerts'].map((table) => count(table, tenant.tenantId)),
    );
    expect(own).toEqual([1, 1, 1, 1, 1]);
  });

  it('shows no row of a tenant to another tenant, or without a tenant, in any table', async () => {
    for (const table of tables) {
      const seen = await asApplication(stranger.tenantId, async (client) => {
        const { rows } = await client.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM ${table}`);
        return rows.map(({ tenant_id }) => tenant_id).filter((id) => id !== stranger.tenantId);
      });
      expect([table, seen]).toEqual([table, []]);
      expect([table, await count(table, undefined)]).toEqual([table, 0]);
    }
  });

  it('refuses to write a row for another tenant', async () => {
    const write = (text: string): Promise<unknown> =>
      asApplication(stranger.tenantId, (client) => client.query(text, [tenant.tenantId]));
    await expect(
      write(`INSERT INTO handled_places (tenant_id, effect, places) VALUES ($1, 'e', '{}')`),
    ).rejects.toThrow(/row-level security/);
    await expect(write(`UPDATE users SET tenant_id = $1`)).rejects.toThrow(/row-level security/);
    const { rowCount } = (await write(
      `UPDATE users SET role = 'member' WHERE tenant_id = $1`,
    )) as pg.QueryResult;
    expect(rowCount).toBe(0);
  });

  it.each([
    'SET row_security = off',
    'ALTER TABLE users DISABLE ROW LEVEL SECURITY',
    'DROP POLICY own_tenant ON users',
  ])('is not switched off by %s', async (statement) => {
    await asApplication(undefined, (client) => client.query(statement)).catch(() => undefined);
    const look = asApplication(undefined, async (client) => {
      await client.query(statement).catch(() => undefined);
      return (await client.query<{ user_id: string }>('SELECT user_id FROM users')).rows;
    });
    // PostgreSQL either hides the rows anyway or refuses the statement.
    expect(await look.catch(() => [])).toEqual([]);
    expect(await count('users', tenant.tenantId)).toBe(1);
  });
});
