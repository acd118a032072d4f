import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_A_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** The CPU time a process has used, with all its threads: unlike its speed, hardly disturbed by what else is running. */
export function cpuSeconds(pid) {
  const [own, system] = statOf(pid).slice(11);
  return (Number(own) + Number(system)) / TICKS_A_SECOND;
}

/** The CPU time of a whole PostgreSQL, with the processes that ended. @param backend the process of any connection to it */
export function postgresSeconds(backend) {
  const postmaster = parentOf(backend);
  const [, , ended, endedSystem] = statOf(postmaster).slice(11);
  const gone = (Number(ended) + Number(endedSystem)) / TICKS_A_SECOND;
  return [postmaster, ...childrenOf(postmaster)].reduce((sum, pid) => sum + secondsUnlessEnded(pid), gone);
}

function secondsUnlessEnded(pid) {
  try {
    return cpuSeconds(pid);
  } catch {
    return 0; // As one that vacuums does when it is done; the postmaster has its time by the next look.
  }
}

function childrenOf(parent) {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return parentOf(pid) === parent;
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

function parentOf(pid) {
  return statOf(pid)[1];
}

/** The name before them stands in brackets and may hold spaces; utime and stime are the 14th and 15th field, here the 11th and 12th from 0. */
function statOf(pid) {
  return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ');
}

/** Memory a process holds, in KiB. */
export function residentKiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}
