import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { Client } from 'pg';
import { FOLDED } from '#kernel/persistence/folded-migrations';
import { migrate } from '#kernel/persistence/migrate';
import { isOwn, sqlMigrations } from '#kernel/persistence/sql-migrations';
import { cloneDatabase, emptyDatabase, removeDatabase, sql } from '../support/database.js';
import { CHECKOUT, TestServer } from '../support/server.js';

const OWN = join(CHECKOUT, 'migrations');

const LOSE_THE_LOCK = `
  SELECT pg_terminate_backend(pid, 10000) FROM pg_locks JOIN pg_database ON oid = database
   WHERE locktype = 'advisory' AND datname = current_database();`;

it('a failed migration is reported with its own error even if the lock was lost, and the next run is not locked out', async () => {
  const database = await cloneDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-migrate-'));
  const folders = [OWN, folder];
  const put = (up: string): void =>
    writeFileSync(join(folder, '1700000000000-step.sql'), `-- up\n${up}\n-- down\n`);
  try {
    put(`${LOSE_THE_LOCK} SELECT 1 / 0;`);
    await expect(migrate(database.url, folders)).rejects.toThrow('division by zero');
    put('SELECT 1;');
    expect(await migrate(database.url, folders)).toEqual(['step1700000000000']);
  } finally {
    rmSync(folder, { recursive: true });
    await removeDatabase(database);
  }
});

it('a partition that was left half detached does not block migrations, and is left to the chore', async () => {
  const database = await emptyDatabase();
  const own = [OWN];
  try {
    await migrate(database.url, own, { only: FOLDED });
    await sql(
      database.url,
      `CREATE TABLE events_2020_01 PARTITION OF events FOR VALUES FROM ('2020-01-01Z') TO ('2020-02-01Z')`,
    );
    const reader = new Client({ connectionString: database.url });
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM events');
    const detach = `ALTER TABLE events DETACH PARTITION events_2020_01 CONCURRENTLY`;
    // One statement at a time: DETACH CONCURRENTLY cannot run in a transaction.
    const detacher = new Client({ connectionString: database.url, options: '-c lock_timeout=200ms' });
    await detacher.connect();
    await expect(detacher.query(detach)).rejects.toThrow(/lock timeout/);
    await Promise.all([reader.end(), detacher.end()]);

    expect(await migrate(database.url, own)).not.toEqual([]);
    const left = await sql(
      database.url,
      `SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'events_2020_01'::regclass`,
    );
    expect(left).toEqual([{ inhdetachpending: true }]);
  } finally {
    await removeDatabase(database);
  }
});

it('a server does not start on a database that a newer version has migrated, and changes nothing in it', async () => {
  const database = await cloneDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'causeflow-newer-'));
  const columns = `SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, 2`;
  try {
    const later = '-- up\nALTER TABLE tenants RENAME name TO title;\n-- down\n';
    writeFileSync(join(folder, '1764999999999-title.sql'), later);
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    await migrate(database.url, [OWN, folder], { say });
    await migrate(database.url, [OWN, folder], { say });
    expect(lines).toEqual(['Migrating the database (steps: 1).']);
    const migrated = await sql(database.url, columns);

    const started = TestServer.start({ database }).then((server) => server.stop());
    await expect(started).rejects.toThrow(
      /CauseFlow could not start\.\nThe database was migrated by a newer version .* the migration title1764999999999\): start that version/,
    );
    expect(await sql(database.url, columns)).toEqual(migrated);
  } finally {
    rmSync(folder, { recursive: true });
    await removeDatabase(database);
  }
});

it('the numbers of migrations tell those of CauseFlow from those of extensions', () => {
  const names = (folder: string): string[] =>
    sqlMigrations([join(CHECKOUT, folder)]).map(({ migrationName }) => migrationName);
  expect(names('migrations').filter((name) => !isOwn(name))).toEqual([]);
  expect(names('examples/on-call-roster/migrations').filter(isOwn)).toEqual([]);
});
