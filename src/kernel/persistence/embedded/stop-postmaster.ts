import type { ChildProcess } from 'node:child_process';
import { EmbeddedPostgresError } from './embedded-postgres-error.js';
import { askToStop, hasEnded, isPostmasterOf } from './postmaster.js';
import type { ServerHome } from './server-home.js';

/** For a server that we started and for an adopted one, which is not our child process. */
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
  // PostgreSQL kills workers that do not end within five seconds.
  await hasEnded(home.cluster, pid, 6_000);
}

/** Stops a child process when this process exits, however it ends but by SIGKILL. */
export function stopOnExit(child: ChildProcess): void {
  const end = () => child.kill('SIGINT');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

/** Reports a server that ends unexpectedly, and stops an adopted one when this process exits. @returns stops watching */
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
  // Only polling detects that an adopted server has ended.
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
