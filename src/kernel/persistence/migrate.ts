import { runMigrations as migrateJobs } from '../jobs/graphile-worker.js';
import { ownerDataSource } from './data-source.js';
import { requireSupportedServer } from './server-requirements.js';
import { takeOver } from './folded-migrations.js';
import { sqlMigrations } from './sql-migrations.js';

/**
 * Migrates a database to the current schema. Safe to run from many replicas at once: the first one works, the others wait.
 * @param only the names of the migrations to run, for an earlier schema
 * @returns the names of the migrations that ran
 */
export async function migrate(
  url: string,
  directories: readonly string[],
  only?: readonly string[],
): Promise<string[]> {
  const source = await ownerDataSource(url, sqlMigrations(directories, only)).initialize();
  const lock = source.createQueryRunner();
  try {
    await requireSupportedServer(lock);
    // Held until its connection ends.
    await lock.query(`SELECT pg_advisory_lock(hashtext('causeflow.migrate'))`);
    await takeOver(lock);
    await migrateJobs({ connectionString: url });
    const ran = await source.runMigrations();
    await lock.query('SELECT ensure_event_partitions()');
    return ran.map((migration) => migration.name);
  } finally {
    await lock.release();
    await source.destroy();
  }
}
