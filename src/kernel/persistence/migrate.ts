import { runMigrations as migrateJobs } from '../jobs/graphile-worker.js';
import pg from 'pg';
import type { QueryRunner } from 'typeorm';
import { StartError } from '../config/start-error.js';
import { ownerDataSource, SESSION } from './data-source.js';
import { requireSupportedServer } from './server-requirements.js';
import { takeOver } from './folded-migrations.js';
import { isOwn, sqlMigrations } from './sql-migrations.js';

interface Options {
  /** The names of the migrations to run, for an earlier schema. */
  readonly only?: readonly string[];
  readonly say?: (line: string) => void;
}

/**
 * Migrates a database to the current schema. Safe to run from many replicas at once: the first one works, the others wait.
 * @returns the names of the migrations that ran
 * @throws StartError, and leaves the database as it is, when it has had a migration of CauseFlow's that is not in the directories
 */
export async function migrate(
  url: string,
  directories: readonly string[],
  { only, say }: Options = {},
): Promise<string[]> {
  const migrations = sqlMigrations(directories, only);
  const source = await ownerDataSource(url, migrations).initialize();
  const lock = source.createQueryRunner();
  const jobs = new pg.Pool({ connectionString: url, options: SESSION, max: 1 });
  // The next query reports a broken connection; without listeners the error would end the process.
  jobs.on('error', () => undefined).on('connect', (client) => client.on('error', () => undefined));
  try {
    await requireSupportedServer(lock);
    // Held until its connection ends.
    await lock.query(`SELECT pg_advisory_lock(hashtext('causeflow.migrate'))`);
    await takeOver(lock);
    const known = migrations.map(({ migrationName }) => migrationName);
    const had = await migrationsOf(lock);
    refuseNewer(had, known);
    const due = known.filter((name) => !had.includes(name)).length;
    // Before and not after it: a large table takes minutes, and whoever watches should know why.
    if (due > 0) say?.(`Migrating the database (steps: ${due}).`);
    await migrateJobs({ pgPool: jobs });
    const ran = await source.runMigrations();
    await lock.query('SELECT ensure_event_partitions()');
    return ran.map((migration) => migration.name);
  } finally {
    await jobs.end();
    await lock.release();
    await source.destroy();
  }
}

async function migrationsOf(runner: QueryRunner): Promise<string[]> {
  if (!(await runner.hasTable('migrations'))) return [];
  const rows = (await runner.query('SELECT name FROM migrations ORDER BY id')) as { name: string }[];
  return rows.map(({ name }) => name);
}

/**
 * An older version answers on a newer schema, but wrongly: one took signed alerts for forged ones. The migrations of an extension that
 * was taken out hinder nobody.
 */
function refuseNewer(had: readonly string[], known: readonly string[]): void {
  const unknown = had.find((name) => isOwn(name) && !known.includes(name));
  if (unknown === undefined) return;
  throw new StartError(
    `The database was migrated by a newer version (it has had the migration ${unknown}): start that version, or restore a ` +
      'backup from before the upgrade into a new database.',
  );
}
