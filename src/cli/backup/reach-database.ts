import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '#kernel/config/database-config';
import { findRunningPostgres, startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import { BackupError } from './backup-error.js';

interface ReachedDatabase {
  readonly url: string;
  /** Stops the database if this program has started it. */
  leave(): Promise<void>;
}

const LEAVE_RUNNING = (): Promise<void> => Promise.resolve();

/** The database of this installation, whether its server is running or not. */
export async function reachDatabase(
  config: DatabaseConfig,
  say: (line: string) => void,
): Promise<ReachedDatabase> {
  const { databaseUrl, dataDir } = config;
  if (databaseUrl === undefined && !existsSync(join(dataDir, 'postgres-passwords.json'))) {
    throw new BackupError(
      `There is no installation in ${dataDir}: set DATA_DIR or DATABASE_URL to the one you mean.`,
    );
  }
  const running = databaseUrl ?? findRunningPostgres(dataDir);
  return running === undefined ? reachIdleDatabase(config, say) : { url: running, leave: LEAVE_RUNNING };
}

/** The same, refused while its server is running; an embedded database is created if it does not exist. */
export async function reachIdleDatabase(
  { databaseUrl, dataDir }: DatabaseConfig,
  say: (line: string) => void,
): Promise<ReachedDatabase> {
  if (databaseUrl !== undefined) return { url: databaseUrl, leave: LEAVE_RUNNING };
  // By default a signal would end this program and leave PostgreSQL running.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { url, stop } = await startEmbeddedPostgres({ dataDir, onNotice: say });
  return { url, leave: stop };
}
