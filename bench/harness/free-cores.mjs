import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const WATCH_MS = 1_000;

/** How many cores nobody used during the last second. */
export async function freeCores() {
  const before = cpus();
  await sleep(WATCH_MS);
  return cpus().reduce((free, { times }, at) => {
    const total = (all) => all.user + all.nice + all.sys + all.idle + all.irq;
    return free + (times.idle - before[at].times.idle) / (total(times) - total(before[at].times));
  }, 0);
}
