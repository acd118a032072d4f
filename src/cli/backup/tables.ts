import pg from 'pg';
import { explainDatabase } from '../../start-error.js';

export interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

/** A connection that sees the rows of all tenants and formats values the same, whatever the server's settings. */
export async function connectAsOwner(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: APPLICATION_NAME });
  // If it breaks, its next query fails; without a listener the process would end.
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw explainDatabase(error, url);
  });
  await client.query(
    `SET app.backup = 'on'; SET client_encoding = 'UTF8'; SET timezone = 'UTC'; SET datestyle = 'ISO, YMD';
     SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; SET statement_timeout = 0;
     SET idle_in_transaction_session_timeout = 0`,
  );
  return client;
}

export const APPLICATION_NAME = 'causeflow-backup';

/**
 * The tables to back up, including those of extensions; referenced tables first. Not unlogged tables, which hold counts of the last
 * minutes, and not the two tables that migrations fill. Generated columns are computed again.
 */
export async function keptTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(`
    WITH RECURSIVE own AS (
      SELECT oid, relname FROM pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND relpersistence = 'p' AND relname NOT IN ('migrations', 'purges')
    ), placed AS (
      SELECT oid, 0 AS depth FROM own
      UNION
      SELECT k.conrelid, depth + 1 FROM placed JOIN pg_constraint k ON k.confrelid = placed.oid
       WHERE k.contype = 'f' AND k.conrelid <> k.confrelid AND depth < 100
    )
    SELECT relname AS name,
           ARRAY(SELECT attname::text FROM pg_attribute a
                  WHERE attrelid = own.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum) AS columns
      FROM own ORDER BY (SELECT max(depth) FROM placed WHERE placed.oid = own.oid), relname`);
  return rows;
}

/** The names of the migrations that ran on this database, in order; none before the first start. */
export async function migrationsRun(client: pg.Client): Promise<string[]> {
  const { rows: found } = await client.query(
    `SELECT FROM pg_tables WHERE schemaname = 'public' AND tablename = 'migrations'`,
  );
  if (found.length === 0) return [];
  const { rows } = await client.query<{ name: string }>('SELECT name FROM migrations ORDER BY id');
  return rows.map(({ name }) => name);
}

export function copyList({ name, columns }: Table): { table: string; columns: string } {
  return { table: pg.escapeIdentifier(name), columns: columns.map(pg.escapeIdentifier).join(', ') };
}
