import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** Streams end whenever their readers like. Until then there is no point in asking again at once. */
const RETRY_AFTER_SECONDS = 30;

/** How many streams each tenant has open on this replica, so that none takes all of its sockets and memory. */
@Injectable()
export class StreamPlaces {
  private readonly taken = new Map<TenantId, number>();
  private readonly refused: Counter;

  constructor(
    @Inject(Config) private readonly config: Config,
    metrics: Metrics,
  ) {
    this.refused = metrics.counter(
      'causeflow_event_streams_refused',
      'Event streams refused because their tenant had as many open as it may have',
    );
  }

  /**
   * @returns what gives the place back, to be called once
   * @throws Refusal `quota_exceeded`
   */
  take(tenantId: TenantId): () => void {
    const most = this.config.streamsPerTenant;
    const taken = this.taken.get(tenantId) ?? 0;
    if (most > 0 && taken >= most) {
      this.refused.add();
      throw new Refusal(
        'quota_exceeded',
        `${most} event streams of this tenant are open here already; close one, or come back later.`,
        { retryAfter: RETRY_AFTER_SECONDS },
      );
    }
    this.taken.set(tenantId, taken + 1);
    return () => this.giveBack(tenantId);
  }

  private giveBack(tenantId: TenantId): void {
    const left = (this.taken.get(tenantId) ?? 0) - 1;
    if (left > 0) this.taken.set(tenantId, left);
    else this.taken.delete(tenantId);
  }
}
