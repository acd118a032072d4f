import { Injectable } from '@nestjs/common';
import { ConcurrencyLimiter } from '#kernel/domain/concurrency-limiter';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { AnalyserLostError, AnalyserPool, type RemoteAnalyser } from './analyser-pool.js';

const MAX_CONCURRENT = 2;
/** Of one tenant, running and queued. */
const MAX_PENDING = 22;

/**
 * Analysers for API requests that wait for the result (replays, exports). Concurrency is limited, so that requests leave
 * capacity to the runs; further requests queue, and tenants take turns.
 */
@Injectable()
export class AnalyserForRequests {
  private readonly turns = new ConcurrencyLimiter(MAX_CONCURRENT);
  private readonly pending = new Map<TenantId, number>();

  constructor(private readonly pool: AnalyserPool) {}

  /**
   * @param seconds time-out of `work`, counted from the moment it starts
   * @throws Refusal `service_unavailable` when the tenant's queue is full, or the work exceeds its time or memory
   */
  async use<T>(
    tenantId: TenantId,
    seconds: number,
    work: (analyser: RemoteAnalyser, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const pending = this.pending.get(tenantId) ?? 0;
    if (pending >= MAX_PENDING) throw unavailable('Too many requests are queued; try again later.');
    this.pending.set(tenantId, pending + 1);
    try {
      return await this.turns.run(tenantId, () => this.lend(seconds, work));
    } finally {
      const left = (this.pending.get(tenantId) ?? 0) - 1;
      if (left > 0) this.pending.set(tenantId, left);
      else this.pending.delete(tenantId);
    }
  }

  private async lend<T>(
    seconds: number,
    work: (analyser: RemoteAnalyser, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const signal = AbortSignal.timeout(seconds * 1000);
    try {
      return await this.pool.use(signal, (analyser) => work(analyser, signal));
    } catch (error) {
      if (signal.aborted) throw unavailable(`It took longer than ${seconds} s.`, error);
      if (error instanceof AnalyserLostError)
        throw unavailable(`It could not be computed: ${error.message}.`, error);
      throw error;
    }
  }
}

function unavailable(message: string, cause?: unknown): Refusal {
  return new Refusal('service_unavailable', message, { retryAfter: 10, cause });
}
