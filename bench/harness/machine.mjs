import { cpus } from 'node:os';

const ROUNDS = 5;
const STEPS = 2_000_000;

/** Tells how much of the machine has been idle between two looks. */
export class IdleWatch {
  #last = ticks();

  /** @returns the share of all cores, in per cent */
  look() {
    const now = ticks();
    const share = (now.idle - this.#last.idle) / (now.all - this.#last.all);
    this.#last = now;
    return share * 100;
  }
}

function ticks() {
  const all = cpus().flatMap(({ times }) => Object.values(times));
  const idle = cpus().map(({ times }) => times.idle);
  return { all: sum(all), idle: sum(idle) };
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

/**
 * Milliseconds that one and the same computation takes, the best of a few: where it grows, the machine has become slower,
 * as a virtual one does when its host is busy, and not what is measured on it.
 */
export function yardstick() {
  return Math.min(...Array.from({ length: ROUNDS }, compute));
}

function compute() {
  const begun = performance.now();
  let value = 1;
  for (let step = 0; step < STEPS; step += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  return performance.now() - begun + (value === 0 ? 1e-9 : 0);
}
