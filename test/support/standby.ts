import { sql, type TestDatabase } from './database.js';

/**
 * Makes sessions that begin from now on take PostgreSQL for a standby, as when an address leads to one after a failover. (It says so, and
 * otherwise works, since what a standby refuses is not the point.)
 */
export async function becomeStandby({ url }: TestDatabase): Promise<void> {
  await sql(
    url,
    `CREATE SCHEMA IF NOT EXISTS standby;
     CREATE OR REPLACE FUNCTION standby.pg_is_in_recovery() RETURNS boolean LANGUAGE sql RETURN true;
     GRANT USAGE ON SCHEMA standby TO public;`,
  );
  await setSearchPath(url, '= standby, pg_catalog, public');
}

export async function becomePrimary({ url }: TestDatabase): Promise<void> {
  await setSearchPath(url, 'TO DEFAULT');
}

/** Ends all sessions, as a failover does. */
export async function endSessions({ url }: TestDatabase): Promise<void> {
  await sql(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

async function setSearchPath(url: string, value: string): Promise<void> {
  await sql(
    url,
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path ${value}', current_database()); END $$`,
  );
}
