import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmbeddedPostgresError, explainFailure, logSince } from './embedded-postgres-error.js';
import { disownStalePidFile, findPostmaster, type Postmaster } from './postmaster.js';
import { programOptions, type ServerHome } from './server-home.js';
import { stopOnExit } from './stop-postmaster.js';

export type Settings = Record<string, string>;

const DEFAULTS: Settings = {
  shared_buffers: '256MB',
  // Limits checkpoints to one a minute under an alert storm: during a checkpoint commits wait, and the first change of a page after it writes the whole page.
  max_wal_size: '4GB',
  // Vacuum flushes the WAL each time its ring buffer wraps: every 16 MB instead of every 2.
  vacuum_buffer_usage_limit: '16MB',
  // During an alert storm a new table gets statistics after seconds instead of a minute.
  autovacuum_naptime: '15s',
  // Lists read hundreds of scattered pages ahead. A disk serves more reads at once than the three of the default.
  io_workers: '12',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Logs the server, not failed statements, whose details contain customers' data.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/** Recovery after a crash reads at most the write-ahead log since the last checkpoint, about 4 GB. */
const START_WITHIN_MS = 120_000;

/** Adopts the running server, or starts one. `child` is only set in the second case. */
export async function ensurePostmaster(
  home: ServerHome,
  postgres: string,
  settings: Settings,
): Promise<Postmaster & { child?: ChildProcess }> {
  const giveUpAt = performance.now() + START_WITHIN_MS;
  let logIsNew = false;
  for (;;) {
    const found = findPostmaster(home.cluster);
    if (found?.isReady) return found;
    if (!found) {
      disownStalePidFile(home.cluster);
      if (!logIsNew) beginNewLog(home.log);
      logIsNew = true;
      const started = await startOnce(home, postgres, settings, giveUpAt);
      if (started) return started;
    }
    // An orphaned server is still starting or stopping, or its workers have not ended yet.
    if (performance.now() > giveUpAt) throw tooSlow(home);
    await sleep(50);
  }
}

/** @returns undefined when it should be tried again */
async function startOnce(
  home: ServerHome,
  postgres: string,
  settings: Settings,
  giveUpAt: number,
): Promise<(Postmaster & { child: ChildProcess }) | undefined> {
  const all: Settings = {
    ...DEFAULTS,
    ...settings,
    listen_addresses: '127.0.0.1',
    port: String(await findFreePort()),
    unix_socket_directories: '', // their paths are limited to about 100 bytes, and TCP always works
  };
  const log = openSync(home.log, 'a', 0o600);
  const logStart = statSync(home.log).size;
  const child = spawn(
    postgres,
    ['-D', home.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...programOptions(home),
      // A file, because a pipe would break when we end; its own session, because Ctrl+C in a terminal goes to our whole process group.
      stdio: ['ignore', log, log],
      detached: true,
      windowsHide: true,
    },
  );
  closeSync(log);
  child.unref();
  stopOnExit(child);
  let failure: string | undefined;
  child.once('error', (error) => (failure = String(error)));
  child.once('exit', () => (failure ??= logSince(home.log, logStart)));

  while (failure === undefined) {
    const found = findPostmaster(home.cluster);
    if (found?.isReady && found.pid === child.pid) return { ...found, child };
    if (performance.now() > giveUpAt) {
      child.kill('SIGQUIT');
      throw tooSlow(home);
    }
    await sleep(10);
  }
  const passes =
    /could not bind|Address already in use|lock file ".*" already exists|pre-existing shared memory block/;
  if (passes.test(failure) && performance.now() < giveUpAt) return undefined;
  throw explainFailure('The embedded PostgreSQL did not start', failure, home.log);
}

/** Another process may take the port before PostgreSQL does; then another one is tried. */
function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => {
        resolve(port);
      });
    });
  });
}

/** Keeps the logs of two runs, so that the reason why the last one died can still be read. */
function beginNewLog(log: string): void {
  try {
    renameSync(log, log.replace(/\.log$/, '.previous.log'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

function tooSlow(home: ServerHome): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL was not ready within ${String(START_WITHIN_MS / 1000)} s: it may still be recovering, so try again.`,
    { log: home.log },
  );
}
