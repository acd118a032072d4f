import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterFold } from '#kernel/persistence/folded-migrations';
import { migrate } from '#kernel/persistence/migrate';
import { sqlMigrations } from '#kernel/persistence/sql-migrations';
import { explainDatabase } from '../../start-error.js';
import { BackupError } from './backup-error.js';
import { type BackupHeader, BackupReader } from './backup-file.js';
import { APPLICATION_NAME, connectAsOwner, copyList, keptTables, migrationsRun } from './tables.js';

/**
 * Fills an empty database from a backup, which may be of an older version: the database is migrated to the schema of the backup,
 * filled in one transaction, and then migrated to the current schema.
 * @param folders of the migrations
 * @returns the header of the backup
 * @throws BackupError when the database is not empty, or the backup is newer than this version
 */
export async function restoreBackup(
  url: string,
  path: string,
  folders: readonly string[],
  say: (line: string) => void,
): Promise<BackupHeader> {
  const { header, reader } = await BackupReader.open(path);
  say(`A backup of ${header.madeAt}, made by version ${header.version}.`);
  const client = await connectAsOwner(url);
  try {
    const migrations = afterFold(header.migrations);
    await refuseUnlessFit(client, migrations, folders);
    await migrate(url, folders, { only: migrations });
    await client.query('BEGIN');
    await fill(client, header, reader, say);
    await client.query('COMMIT');
    await client.query('ANALYZE');
    const ran = await migrate(url, folders);
    if (ran.length > 0) say(`Migrated to the present version (${ran.length} steps).`);
  } catch (error) {
    throw error instanceof BackupError ? error : explainDatabase(error, url);
  } finally {
    await client.end();
  }
  return header;
}

async function refuseUnlessFit(
  client: pg.Client,
  migrations: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const known = sqlMigrations(folders).map(({ migrationName }) => migrationName);
  const unknown = migrations.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new BackupError(
      `The backup was made by a newer version, or with an extension that is missing here (it has the migration ${unknown}): ` +
        'use that version, or name the folder of the extension by --migrations.',
    );
  }
  const { rows: sessions } = await client.query(
    `SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'causeflow%'
        AND application_name <> $1`,
    [APPLICATION_NAME],
  );
  if (sessions.length > 0) throw new BackupError('A server works with this database: stop it first.');
  for (const { name } of await keptTables(client)) {
    const { rows } = await client.query(`SELECT FROM ${pg.escapeIdentifier(name)} LIMIT 1`);
    if (rows.length > 0) {
      throw new BackupError(
        `The database is not empty (${name} holds rows), and a restore never mixes with what is there: use a new one.`,
      );
    }
  }
  for (const name of afterFold(await migrationsRun(client))) {
    if (migrations.includes(name)) continue;
    throw new BackupError(
      `The database is newer than the backup (it has had the migration ${name}): use one that no server has started on.`,
    );
  }
}

async function fill(
  client: pg.Client,
  header: BackupHeader,
  reader: BackupReader,
  say: (line: string) => void,
): Promise<void> {
  await makePartitions(client, header);
  const walls = await lowerWalls(client, header);
  for (const table of header.tables) {
    const { table: name, columns } = copyList(table);
    say(`  ${table.name}: ${await copyInto(client, `${name} (${columns})`, reader)} rows`);
  }
  say(`  jobs: ${await fillJobs(client, reader)} rows`);
  for (const { name, value } of header.sequences) {
    await client.query('SELECT setval(quote_ident($1)::regclass, $2::bigint)', [name, value]);
  }
  // Deferred constraints are checked now, while the owner still sees all rows; a table with pending checks cannot be altered either.
  await client.query('SET CONSTRAINTS ALL IMMEDIATE');
  for (const table of walls) await client.query(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
}

/** The partitions of months that the migrations have not created. */
async function makePartitions(client: pg.Client, { partitions }: BackupHeader): Promise<void> {
  for (const { name, of, bounds } of partitions) {
    if (!/^FOR VALUES FROM \('[^']*'\) TO \('[^']*'\)$|^DEFAULT$/.test(bounds)) {
      throw new BackupError(
        `The backup has a partition ${name} of a kind that is not known here (${bounds}).`,
      );
    }
    const [table, parent] = [name, of].map(pg.escapeIdentifier);
    await client.query(`CREATE TABLE IF NOT EXISTS ${table} PARTITION OF ${parent} ${bounds}`);
  }
}

/**
 * Disables FORCE ROW LEVEL SECURITY until the end of the transaction, because COPY FROM does not work with it. Also deletes the rows
 * that migrations have inserted, because the backup contains them.
 */
async function lowerWalls(client: pg.Client, { tables }: BackupHeader): Promise<string[]> {
  const names = tables.map(({ name }) => name);
  await client.query(`TRUNCATE ${names.map(pg.escapeIdentifier).join(', ')}`);
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = 'public'::regnamespace AND relforcerowsecurity AND relname = ANY ($1)`,
    [names],
  );
  const walled = rows.map(({ name }) => pg.escapeIdentifier(name));
  for (const table of walled) await client.query(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
  return walled;
}

async function copyInto(client: pg.Client, target: string, reader: BackupReader): Promise<number> {
  const rows = client.query(copyFrom(`COPY ${target} FROM STDIN`));
  await pipeline(Readable.from(reader.rows()), rows);
  return rows.rowCount;
}

async function fillJobs(client: pg.Client, reader: BackupReader): Promise<number> {
  await client.query(
    'CREATE TEMP TABLE restored_jobs (place bigint GENERATED ALWAYS AS IDENTITY, spec json NOT NULL) ON COMMIT DROP',
  );
  const count = await copyInto(client, 'restored_jobs (spec)', reader);
  await client.query(
    `SELECT enqueue_jobs(specs)
       FROM (SELECT json_agg(spec ORDER BY place) AS specs FROM restored_jobs GROUP BY place / 1000 ORDER BY place / 1000) AS batches`,
  );
  return count;
}
