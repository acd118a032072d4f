import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDir } from '../config/private-files.js';
import { lockDataDir } from './embedded/data-dir-lock.js';
import { explainFileError } from './embedded/embedded-postgres-error.js';
import { makeCluster } from './embedded/make-cluster.js';
import { ensureOwnedDatabase, isNotAccepting, keepPasswords, urlOfOwner } from './embedded/owner-role.js';
import { preparePostgresBinaries } from './embedded/postgres-binaries.js';
import { findPostmaster, hasEnded } from './embedded/postmaster.js';
import { findServerHome, sharedDirOfRoot } from './embedded/server-home.js';
import { ensurePostmaster, type Settings } from './embedded/start-postmaster.js';
import { stopPostmaster, watchPostmaster } from './embedded/stop-postmaster.js';

const DATABASE = 'causeflow';

interface EmbeddedPostgresOptions {
  dataDir: string;
  /** The database in the returned url; created if it does not exist. */
  database?: string;
  /** Server settings that override the defaults, for a server that this call starts. */
  settings?: Settings;
  /** Called with one line about each slow or surprising step. */
  onNotice?: (line: string) => void;
  /** Called once if the server ends without `stop()`. */
  onExit?: (failure: Error) => void;
  /** As root, the directory for files that another user must read when the data directory is private; default /var/lib/causeflow. */
  sharedDir?: string;
}

export interface EmbeddedPostgres {
  url: string;
  stop: () => Promise<void>;
}

/**
 * A real PostgreSQL under the data directory: created on the first call, started on the next, adopted if a killed process
 * left it running, and recovered by PostgreSQL itself if it was killed too.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  try {
    makePrivateDir(options.dataDir);
    return await startIn(realpathSync(options.dataDir), options);
  } catch (error) {
    throw explainFileError(error, options.dataDir);
  }
}

/**
 * The url of the PostgreSQL of a data directory while another process runs it, for tools beside the server.
 * @returns undefined when it does not run
 */
export function findRunningPostgres(dataDir: string): string | undefined {
  if (!existsSync(join(dataDir, 'postgres-passwords.json'))) return undefined;
  const { cluster } = findServerHome(realpathSync(dataDir), sharedDirOfRoot);
  const postmaster = findPostmaster(cluster);
  if (!postmaster?.isReady) return undefined;
  return urlOfOwner(postmaster.port, keepPasswords(dataDir, cluster), DATABASE);
}

async function startIn(dataDir: string, options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { settings = {}, database = DATABASE, onNotice: notice = () => undefined } = options;
  const sharedDir = () => sharedDirOfRoot(options.sharedDir);
  const home = findServerHome(dataDir, sharedDir);
  // Beside the cluster, not in the data directory: a copy of the data directory still refers to the same cluster.
  const lock = await lockDataDir(dataDir, home.dir);
  try {
    const binaries = await preparePostgresBinaries(home.user, () => (home.user ? sharedDir() : dataDir));
    const passwords = keepPasswords(dataDir, home.cluster);
    await makeCluster(home, binaries.initdb, passwords.superuser, settings['fsync'] !== 'off');
    if (home.dir !== dataDir) notice(`PostgreSQL cannot run as root, so its files are in ${home.dir}.`);

    for (;;) {
      const postmaster = await ensurePostmaster(home, binaries.postgres, settings);
      const stop = () => stopPostmaster(home, postmaster.pid, binaries.pgCtl, notice);
      try {
        const url = await ensureOwnedDatabase(postmaster.port, passwords, database);
        if (!postmaster.child)
          notice(`Took over PostgreSQL (process ${String(postmaster.pid)}), which was left running.`);
        const unwatch = watchPostmaster(home, postmaster, binaries.pgCtl, options.onExit);
        return {
          url,
          stop: async () => {
            unwatch();
            await stop();
            await lock.release();
          },
        };
      } catch (error) {
        // An adopted server may already be shutting down; then start a new one.
        if (
          !postmaster.child &&
          isNotAccepting(error) &&
          (await hasEnded(home.cluster, postmaster.pid, 30_000))
        )
          continue;
        if (postmaster.child) await stop();
        throw error;
      }
    }
  } catch (error) {
    await lock.release();
    throw error;
  }
}
