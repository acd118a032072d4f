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
  // Under a storm a checkpoint a minute: while it flushes tables commits wait, and each page's first change after it is written whole.
  max_wal_size: '4GB',
  // Vacuum flushes the log whenever it comes round to a page that it has changed: every 16 MB instead of every 2.
  vacuum_buffer_usage_limit: '16MB',
  // A young table has statistics after seconds of a storm instead of a minute.
  autovacuum_naptime: '15s',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // The log tells of the server and not of each failed statement, whose details hold what people sent us.
  log_min_messages: 'log',
  log_checkpoints: 'off',
};

/** Recovery after a crash reads at most the write-ahead log since the last checkpoint, about 4 GB. */
const START_WITHIN_MS = 120_000;

/** Takes over the server that is there, or starts one. `child` is only set in the second case. */
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
    // One that was left behind is still starting or stopping, or left workers behind that are about to notice.
    if (performance.now() > giveUpAt) throw tooSlow(home);
    await sleep(50);
  }
}

/** Undefined when it is worth another try. */
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
    unix_socket_directories: '', // their paths may hold about 100 bytes, and TCP is always there
  };
  const log = openSync(home.log, 'a', 0o600);
  const logStart = statSync(home.log).size;
  const child = spawn(
    postgres,
    ['-D', home.cluster, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    {
      ...programOptions(home),
      // A file, since a pipe would break with us; a session of its own, since Ctrl+C in a terminal is sent to all of ours.
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

/** Somebody else may take it before PostgreSQL does; then another one is tried. */
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

/** Two runs are kept and no more: why the last one died is still there when somebody comes to look. */
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
