/** The only source of the current time, so that rules about time can be tested. */
export abstract class Clock {
  abstract now(): Date;
}

/**
 * Starts with the time of the machine. When somebody sets that clock, this one goes on: only `correct` changes it, see
 * `DatabaseTime`.
 */
export class SystemClock extends Clock {
  /** When `performance.now()` was 0. */
  private origin = performance.timeOrigin;

  now(): Date {
    return new Date(this.origin + performance.now());
  }

  correct(byMs: number): void {
    this.origin += byMs;
  }

  /** By how much the clock of the machine is ahead of this one. */
  get machineAheadMs(): number {
    return Date.now() - this.now().getTime();
  }
}

/** The clock of this process. */
export const processClock = new SystemClock();
