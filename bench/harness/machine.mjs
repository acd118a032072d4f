import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const ROUNDS = 5;
const STEPS = 2_000_000;

/** Measures how idle the machine was since the last reading. */
export class IdleMeter {
  #last = cpuTicks();

  /** @returns the idle share of all cores, 0 to 1 */
  read() {
    const now = cpuTicks();
    const share = (now.idle - this.#last.idle) / (now.total - this.#last.total);
    this.#last = now;
    return share;
  }
}

/** How many cores were idle during one second. */
export async function freeCores() {
  const meter = new IdleMeter();
  await sleep(1_000);
  return meter.read() * cpus().length;
}

function cpuTicks() {
  const cores = cpus();
  const total = cores.flatMap(({ times }) => Object.values(times));
  return { total: sum(total), idle: sum(cores.map(({ times }) => times.idle)) };
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Milliseconds of a fixed computation, the best of a few. If it grows, the machine itself got slower, as a virtual one does
 * when its host is busy.
 */
export function yardstick() {
  return Math.min(...Array.from({ length: ROUNDS }, compute));
}

function compute() {
  const startedAt = performance.now();
  let value = 1;
  for (let step = 0; step < STEPS; step += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  // The result is used, so that the loop cannot be optimised away.
  return performance.now() - startedAt + (value === 0 ? 1e-9 : 0);
}
