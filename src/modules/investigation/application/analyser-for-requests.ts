import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import { AnalyserLostError, AnalyserPool, type RemoteAnalyser } from './analyser-pool.js';

const MAX_CONCURRENT = 2;
const MAX_QUEUED = 20;

/**
 * Analysers for API requests that wait for the result (replays, exports). Concurrency is limited, so that requests leave
 * capacity to the runs; further requests queue in order.
 */
@Injectable()
export class AnalyserForRequests {
  private readonly queue: (() => void)[] = [];
  private active = 0;

  constructor(private readonly pool: AnalyserPool) {}

  /**
   * @param seconds time-out of `work`, counted from the moment it starts
   * @throws Refusal `service_unavailable` when the queue is full, or the work exceeds its time or memory
   */
  async use<T>(
    seconds: number,
    work: (analyser: RemoteAnalyser, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    if (this.queue.length >= MAX_QUEUED) throw unavailable('Too many requests are queued; try again later.');
    // A finished request passes its slot to the next in the queue, so that no new request overtakes it.
    if (this.active < MAX_CONCURRENT) this.active += 1;
    else await new Promise<void>((resolve) => this.queue.push(resolve));
    const signal = AbortSignal.timeout(seconds * 1000);
    try {
      return await this.pool.use(signal, (analyser) => work(analyser, signal));
    } catch (error) {
      if (signal.aborted) throw unavailable(`It took longer than ${seconds} s.`, error);
      if (error instanceof AnalyserLostError)
        throw unavailable(`It could not be computed: ${error.message}.`, error);
      throw error;
    } finally {
      const next = this.queue.shift();
      if (next) next();
      else this.active -= 1;
    }
  }
}

function unavailable(message: string, cause?: unknown): Refusal {
  return new Refusal('service_unavailable', message, { retryAfter: 10, cause });
}
