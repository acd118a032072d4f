import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The running server of a cluster, from its postmaster.pid. */
export interface Postmaster {
  pid: number;
  port: number;
  isReady: boolean;
}

/** The server that runs on this cluster now, no matter which process started it. */
export function findPostmaster(cluster: string): Postmaster | undefined {
  const noted = readPidFile(cluster);
  return noted && isPostmasterOf(cluster, noted.pid) ? noted : undefined;
}

function readPidFile(cluster: string): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === 'ready' } : undefined;
}

/**
 * A pid alone proves nothing: after a crash another process may have it, and in a restarted container one usually does. A
 * postmaster is a `postgres` executable whose working directory is its cluster. A zombie has neither.
 */
export function isPostmasterOf(cluster: string, pid: number): boolean {
  if (process.platform === 'linux') {
    try {
      const isPostgres = basename(readlinkSync(`/proc/${String(pid)}/exe`)).startsWith('postgres');
      return isPostgres && readlinkSync(`/proc/${String(pid)}/cwd`) === cluster;
    } catch {
      return false; // it has ended, or belongs to another user and so is not ours
    }
  }
  if (process.platform === 'win32') return isAlive(pid);
  try {
    return execFileSync('/bin/ps', ['-ww', '-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
    }).includes(`-D ${cluster} -c`);
  } catch {
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Above the largest pid of any system. */
const UNUSED_PID = 2_147_483_646;

/**
 * PostgreSQL refuses to start while the pid in its lock file is alive, even if it is another program by now. Only the pid is
 * replaced: from the rest of the file PostgreSQL detects whether workers of the dead server still hold its shared memory, and starting
 * beside them would destroy data.
 */
export function disownStalePidFile(cluster: string): void {
  const path = join(cluster, 'postmaster.pid');
  const noted = readPidFile(cluster);
  if (!noted || !isAlive(noted.pid) || isPostmasterOf(cluster, noted.pid)) return;
  writeFileSync(path, readFileSync(path, 'utf8').replace(/^\d+/, String(UNUSED_PID)));
}

export async function hasEnded(cluster: string, pid: number, withinMs: number): Promise<boolean> {
  const giveUpAt = performance.now() + withinMs;
  while (isPostmasterOf(cluster, pid)) {
    if (performance.now() > giveUpAt) return false;
    await sleep(20);
  }
  return true;
}

/** SIGINT is a fast shutdown with a checkpoint; SIGQUIT an immediate one, which the next start recovers from. */
export function askToStop(
  { cluster }: { cluster: string },
  pid: number,
  signal: 'SIGINT' | 'SIGQUIT',
  pgCtl: string,
): void {
  if (!isPostmasterOf(cluster, pid)) return;
  try {
    // Windows has no signals; pg_ctl emulates them.
    if (process.platform === 'win32') execFileSync(pgCtl, ['kill', signal.slice(3), String(pid)]);
    else process.kill(pid, signal);
  } catch {
    // it has just ended by itself
  }
}
