import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** CPU time of a process with all its threads. Other load on the machine hardly affects it, unlike throughput. */
export function cpuSeconds(pid) {
  const { utime, stime } = statOf(pid);
  return (utime + stime) / TICKS_PER_SECOND;
}

/** CPU time of a whole PostgreSQL, including processes that ended. @param backend the process of any of its connections */
export function postgresCpuSeconds(backend) {
  const postmaster = statOf(backend).parent;
  const { endedChildrenUtime, endedChildrenStime } = statOf(postmaster);
  const ended = (endedChildrenUtime + endedChildrenStime) / TICKS_PER_SECOND;
  return [postmaster, ...childrenOf(postmaster)].reduce((sum, pid) => sum + secondsUnlessEnded(pid), ended);
}

function secondsUnlessEnded(pid) {
  try {
    return cpuSeconds(pid);
  } catch {
    return 0; // An autovacuum worker that just ended: the next reading has its time in the postmaster's.
  }
}

function childrenOf(parent) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return statOf(pid).parent === parent;
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

/** See proc_pid_stat(5). The name, second field, is in brackets and may contain spaces, so the fields after it are counted. */
function statOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
  const [utime, stime, endedChildrenUtime, endedChildrenStime] = fields.slice(11, 15).map(Number);
  return { parent: fields[1], utime, stime, endedChildrenUtime, endedChildrenStime };
}

/** Resident memory of a process. */
export function residentKiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
