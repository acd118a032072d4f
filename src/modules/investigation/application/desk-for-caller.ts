import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import { DeskLostError, Desks, type RemoteDesk } from './desks.js';

const AT_ONCE = 2;
const MOST_IN_LINE = 20;

/** A desk for somebody who waits for the answer: a few at a time, so that questions leave room for the runs. */
@Injectable()
export class DeskForCaller {
  private readonly line: (() => void)[] = [];
  private busy = 0;

  constructor(private readonly desks: Desks) {}

  /** @throws Refusal `service_unavailable` when too many wait, or it needs too much time or memory */
  async use<T>(seconds: number, work: (desk: RemoteDesk, signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.line.length >= MOST_IN_LINE) throw unavailable('Too many wait for this; try again in a while.');
    // Whoever leaves hands the place over, so that nobody slips in before those who wait.
    if (this.busy < AT_ONCE) this.busy += 1;
    else await new Promise<void>((resolve) => this.line.push(resolve));
    const signal = AbortSignal.timeout(seconds * 1000);
    try {
      return await this.desks.use(signal, (desk) => work(desk, signal));
    } catch (error) {
      if (signal.aborted) throw unavailable(`It took longer than ${seconds} s.`, error);
      if (error instanceof DeskLostError)
        throw unavailable(`It could not be computed: ${error.message}.`, error);
      throw error;
    } finally {
      const next = this.line.shift();
      if (next) next();
      else this.busy -= 1;
    }
  }
}

function unavailable(message: string, cause?: unknown): Refusal {
  return new Refusal('service_unavailable', message, { retryAfter: 10, cause });
}
