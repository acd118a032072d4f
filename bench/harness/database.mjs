import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { startEmbeddedPostgres } from '../../dist/kernel/persistence/embedded-postgres.js';
import { migrate } from '../../dist/kernel/persistence/migrate.js';

const MIGRATIONS = new URL('../../migrations', import.meta.url).pathname;

/** A PostgreSQL with the product's durable settings: fsync, synchronous_commit and full_page_writes are on. */
export async function startDatabases() {
  const dataDir = mkdtempSync(join(tmpdir(), 'causeflow-bench-'));
  const server = await startEmbeddedPostgres({ dataDir });
  let version;
  try {
    [{ server_version: version }] = await queryOnce(server.url, 'SHOW server_version');
    await queryOnce(server.url, 'CREATE DATABASE bench_template');
    await migrate(databaseUrl(server.url, 'bench_template'), [MIGRATIONS]);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    version,
    /** @returns the URL of a new database, migrated unless `empty` */
    async create({ empty = false } = {}) {
      const name = `bench_${randomBytes(5).toString('hex')}`;
      await queryOnce(server.url, `CREATE DATABASE ${name}${empty ? '' : ' TEMPLATE bench_template'}`);
      return databaseUrl(server.url, name);
    },
    async stop() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** One statement on its own connection. Row-level security binds the owner too, hence `tenantIds`. */
export async function queryOnce(url, sql, parameters = [], tenantIds = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SELECT set_config('app.tenant_ids', $1, false)`, [tenantIds.join(',')]);
    return (await client.query(sql, parameters)).rows;
  } finally {
    await client.end();
  }
}

function databaseUrl(url, database) {
  const result = new URL(url);
  result.pathname = `/${database}`;
  return result.href;
}
