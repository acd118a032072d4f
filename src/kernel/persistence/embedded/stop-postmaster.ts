import type { ChildProcess } from 'node:child_process';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { askToStop, hasEnded, isPostmasterOf } from './postmaster.js';
import type { ServerHome } from './server-home.js';

/** Works the same for a server that we started and for one that was taken over, which is nobody's child. */
export async function stopPostmaster(
  home: ServerHome,
  pid: number,
  pgCtl: string,
  notice: (line: string) => void,
): Promise<void> {
  askToStop(home, pid, 'SIGINT', pgCtl);
  if (await hasEnded(home.cluster, pid, 8_000)) return;
  notice('PostgreSQL takes too long to stop: it is cut short, and the next start recovers it.');
  askToStop(home, pid, 'SIGQUIT', pgCtl);
  // It kills workers that do not obey after five seconds.
  await hasEnded(home.cluster, pid, 6_000);
}

/** Ends a program of PostgreSQL along with us, whatever we end of but a kill: nobody wants one left behind. */
export function stopOnExit(child: ChildProcess): void {
  const end = () => child.kill('SIGINT');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

/** Reports a server that ends by itself, and ends one that was taken over along with us. Returns how to stop watching. */
export function watchPostmaster(
  home: ServerHome,
  { pid, child }: { pid: number; child?: ChildProcess },
  pgCtl: string,
  onExit: ((failure: Error) => void) | undefined,
): () => void {
  const report = () => {
    unwatch();
    onExit?.(
      new EmbeddedPostgresError('The embedded PostgreSQL ended unexpectedly: start again.', {
        log: home.log,
      }),
    );
  };
  const end = () => {
    askToStop(home, pid, 'SIGINT', pgCtl);
  };
  // Nothing tells when one that was taken over ends.
  const poll = setInterval(() => {
    if (!isPostmasterOf(home.cluster, pid)) report();
  }, 1_000).unref();
  child?.once('exit', report);
  if (!child) process.once('exit', end);
  const unwatch = () => {
    clearInterval(poll);
    child?.off('exit', report);
    process.off('exit', end);
  };
  return unwatch;
}
