import { readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from './statistics.mjs';

const ROUNDS = 5;
const STEPS = 2_000_000;
const PAGE = Buffer.alloc(8_192, 'x');

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

/**
 * Measures the disk of the databases of a benchmark: what the whole machine read from its disks, since a database that
 * outgrows memory reads more, and how long a flush takes, since every commit waits for one.
 */
export class DiskMeter {
  #file;
  #last = { read: bytesRead(), at: performance.now() };

  static async open() {
    const meter = new DiskMeter();
    const folder = await mkdtemp(join(tmpdir(), 'causeflow-bench-flush-'));
    meter.#file = await open(join(folder, 'page'), 'w');
    // The open file stays, and an interrupted benchmark leaves nothing behind.
    await rm(folder, { recursive: true });
    return meter;
  }

  /** @returns the rate of reads since the last reading (NaN except on Linux), and the median time of a few flushes now */
  async read() {
    const now = { read: bytesRead(), at: performance.now() };
    const megabytesPerSecond = (now.read - this.#last.read) / 1e3 / (now.at - this.#last.at);
    this.#last = now;
    const flushes = [];
    for (let round = 0; round < ROUNDS; round += 1) flushes.push(await this.#flush());
    return { 'disk read, MB/s': megabytesPerSecond, 'flush, ms': median(flushes) };
  }

  async #flush() {
    const startedAt = performance.now();
    await this.#file.write(PAGE, 0, PAGE.length, 0);
    await this.#file.datasync();
    return performance.now() - startedAt;
  }

  close() {
    return this.#file.close();
  }
}

function bytesRead() {
  try {
    return Number(/^pgpgin (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1] ?? NaN) * 1_024;
  } catch {
    return NaN; // only Linux has it
  }
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
