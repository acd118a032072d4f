import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { SELECT_PENDING_JOBS } from '#kernel/jobs/graphile-internals';
import { explainDatabase } from '../../start-error.js';
import { BackupError } from './backup-error.js';
import { type BackupHeader, END_OF_ROWS, FORMAT } from './backup-file.js';
import { connectAsOwner, copyList, keptTables, migrationsRun, type Table } from './tables.js';

interface About {
  readonly madeAt: Date;
  readonly version: string;
  readonly secrets?: object;
}

/**
 * Writes a consistent snapshot of the whole installation to a file. The file gets its name when it is complete, and only its owner
 * can read it.
 */
export async function writeBackup(
  url: string,
  path: string,
  about: About,
  say: (line: string) => void,
): Promise<void> {
  if (existsSync(path)) throw new BackupError(`${path} is there already: choose another name.`);
  const unfinished = `${path}.unfinished`;
  const client = await connectAsOwner(url);
  let unwritable: Error | undefined;
  try {
    // Created anew: a file that is there already, perhaps of another user, would keep its mode.
    rmSync(unfinished, { force: true });
    const file = createWriteStream(unfinished, { flags: 'wx', mode: 0o600, flush: true });
    file.once('error', (error) => (unwritable = error));
    await pipeline(Readable.from(contentOf(client, about, say)), createGzip(), file);
    renameSync(unfinished, path);
  } catch (error) {
    if (error !== unwritable) throw explainDatabase(error, url);
    throw new BackupError(`${path} cannot be written (${(error as Error).message}).`);
  } finally {
    rmSync(unfinished, { force: true });
    await client.end();
  }
}

async function* contentOf(
  client: pg.Client,
  about: About,
  say: (line: string) => void,
): AsyncGenerator<string | Buffer> {
  await refuseUnlessReadable(client);
  const tables = await keptTables(client);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
  const header = await headerOf(client, tables, about);
  yield `${JSON.stringify(header)}\n`;
  for (const table of tables) {
    const { table: name, columns } = copyList(table);
    // A SELECT, because COPY of a partitioned table by name is not possible.
    yield* copyOf(client, table.name, `SELECT ${columns} FROM ${name}`, say);
  }
  yield* copyOf(client, 'jobs', SELECT_PENDING_JOBS, say);
  await client.query('COMMIT');
}

/** Row-level security hides rows silently, and a backup without them would be noticed only at the restore. */
async function refuseUnlessReadable(client: pg.Client): Promise<void> {
  if ((await migrationsRun(client)).length === 0) {
    throw new BackupError('There is nothing to back up: no server has ever started on this database.');
  }
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND row_security_active(c.oid)
        AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup'
                           AND current_user::regrole::oid = ANY (p.polroles))`,
  );
  const hidden = rows.map(({ name }) => name).join(', ');
  if (hidden) {
    throw new BackupError(
      `This database user cannot read all rows of ${hidden}: back up as the owner of the tables, and isolate every table by isolate_by_tenant().`,
    );
  }
}

async function* copyOf(
  client: pg.Client,
  what: string,
  select: string,
  say: (line: string) => void,
): AsyncGenerator<string | Buffer> {
  const rows = client.query(copyTo(`COPY (${select}) TO STDOUT`));
  for await (const piece of rows) yield piece as Buffer;
  yield END_OF_ROWS;
  say(`  ${what}: ${rows.rowCount} rows`);
}

async function headerOf(
  client: pg.Client,
  tables: readonly Table[],
  { madeAt, version, secrets }: About,
): Promise<BackupHeader> {
  const rowsOf = async <Row extends object>(sql: string): Promise<Row[]> =>
    (await client.query<Row>(sql)).rows;
  return {
    format: FORMAT,
    madeAt: madeAt.toISOString(),
    version,
    migrations: await migrationsRun(client),
    tables,
    partitions: await rowsOf(
      `SELECT c.relname AS name, p.relname AS of, pg_get_expr(c.relpartbound, c.oid) AS bounds
         FROM pg_class c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
        WHERE c.relnamespace = 'public'::regnamespace AND c.relispartition AND c.relkind = 'r' ORDER BY c.relname`,
    ),
    sequences: await rowsOf(
      `SELECT sequencename AS name, last_value::text AS value FROM pg_sequences
        WHERE schemaname = 'public' AND last_value IS NOT NULL AND sequencename <> 'migrations_id_seq'`,
    ),
    ...(secrets && { secrets }),
  };
}
