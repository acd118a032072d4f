import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseConfig } from '#kernel/config/database-config';
import { findRunningPostgres, startEmbeddedPostgres } from '#kernel/persistence/embedded-postgres';
import { BackupError } from './backup-error.js';

interface ReachedDatabase {
  readonly url: string;
  /** Leaves it as it was found. */
  leave(): Promise<void>;
}

const STAYS = (): Promise<void> => Promise.resolve();

/** The database of this installation as it is, whether its server runs now or not. */
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
  return running === undefined ? reachIdleDatabase(config, say) : { url: running, leave: STAYS };
}

/** The same, refused while its server runs; an embedded one is made unless it is there. */
export async function reachIdleDatabase(
  { databaseUrl, dataDir }: DatabaseConfig,
  say: (line: string) => void,
): Promise<ReachedDatabase> {
  if (databaseUrl !== undefined) return { url: databaseUrl, leave: STAYS };
  // Left to itself a signal ends this program without those it started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const { url, stop } = await startEmbeddedPostgres({ dataDir, onNotice: say });
  return { url, leave: stop };
}
