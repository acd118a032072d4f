import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Counter } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';

/** A stream may stay open for any length of time, so an earlier retry is hardly worth it. */
const RETRY_AFTER_SECONDS = 30;

/** Limits how many streams each tenant has open on this replica, so that none takes all sockets and memory. */
@Injectable()
export class StreamQuota {
  private readonly open = new Map<TenantId, number>();
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
   * @returns the release function, to be called once
   * @throws Refusal `quota_exceeded`
   */
  acquire(tenantId: TenantId): () => void {
    const max = this.config.streamsPerTenant;
    const open = this.open.get(tenantId) ?? 0;
    if (max > 0 && open >= max) {
      this.refused.add();
      throw new Refusal(
        'quota_exceeded',
        `This tenant already has ${max} event streams open on this replica; close one, or retry later.`,
        { retryAfter: RETRY_AFTER_SECONDS },
      );
    }
    this.open.set(tenantId, open + 1);
    return () => this.release(tenantId);
  }

  private release(tenantId: TenantId): void {
    const left = (this.open.get(tenantId) ?? 0) - 1;
    if (left > 0) this.open.set(tenantId, left);
    else this.open.delete(tenantId);
  }
}
