import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { until } from './until.js';

export interface TestDatabase {
  readonly name: string;
  /** Connects as the owner, who can read and change everything. */
  readonly url: string;
}

export async function createDatabase(
  server: string,
  purpose: string,
  template?: string,
): Promise<TestDatabase> {
  const name = `causeflow_${purpose}_${randomBytes(6).toString('hex')}`;
  await asOwner(server, `CREATE DATABASE ${name}${template ? ` TEMPLATE ${template}` : ''}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { name, url: url.href };
}

/** The address of the PostgreSQL of this run. */
export function testPostgres(): string {
  return process.env['TEST_SERVER_URL'] ?? '';
}

/** A fresh copy of the migrated template. */
export async function cloneDatabase(): Promise<TestDatabase> {
  return createDatabase(testPostgres(), 'test', process.env['TEST_TEMPLATE'] ?? '');
}

/** A database with nothing in it. */
export async function emptyDatabase(): Promise<TestDatabase> {
  return createDatabase(testPostgres(), 'empty');
}

/** Drops a database created by one of the functions above. */
export async function removeDatabase({ name }: TestDatabase): Promise<void> {
  await dropDatabase(testPostgres(), name);
}

export async function dropDatabase(server: string, name: string): Promise<void> {
  if (name === '') return;
  // A worker of PostgreSQL itself, such as autovacuum, may be in it for a moment, and an owner cannot end that one.
  await until('the database is gone', async () => {
    await asOwner(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    return true;
  });
}

/**
 * Queries a database, or changes it behind the server's back, to simulate the passing of time for example. Row-level security
 * applies to the owner too, so the rows of a tenant are visible only with its id.
 */
export async function sql<Row extends object = Record<string, unknown>>(
  url: string,
  text: string,
  parameters: unknown[] = [],
  tenantId?: string,
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    if (tenantId) await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantId]);
    return (await client.query<Row>(text, parameters)).rows;
  } finally {
    await client.end();
  }
}

async function asOwner(server: string, statement: string): Promise<void> {
  await sql(server, statement);
}
