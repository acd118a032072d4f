import type { TenantId } from '../domain/ids.js';
import type { Reading } from '../metrics/metrics.js';
import type { LogConsumer } from './log-consumer.js';

/** At most this many failing tenants are named in the log at a time; the metric counts all of them. */
const MAX_REPORTED = 5;
const NONE: readonly TenantId[] = [];

/** Which tenants are slow or failing for one consumer. Kept in memory only: a restarted process finds out again. */
export class TenantHealth {
  private readonly slow = new Set<TenantId>();
  /** Least recently failed first. */
  private readonly failing = new Set<TenantId>();
  /** Named in the log as failing, and not yet as recovered. */
  private readonly reported = new Set<TenantId>();

  constructor(private readonly consumer: Pick<LogConsumer, 'name' | 'log' | 'failureMessage'>) {}

  isHealthy(tenantId: TenantId): boolean {
    return !this.slow.has(tenantId) && !this.failing.has(tenantId);
  }

  isFailing(tenantId: TenantId): boolean {
    return this.failing.has(tenantId);
  }

  wasSlow(tenantId: TenantId): void {
    this.slow.add(tenantId);
    this.consumer.log.log(`The ${this.consumer.name} does not wait for ${tenantId}, which is slow`);
  }

  wasQuick(tenantId: TenantId): void {
    this.slow.delete(tenantId);
  }

  failed(tenantId: TenantId, failure: unknown): void {
    this.failing.delete(tenantId);
    this.failing.add(tenantId);
    if (this.reported.has(tenantId) || this.reported.size === MAX_REPORTED) return;
    this.reported.add(tenantId);
    this.consumer.log.error(failure, `${tenantId}: ${this.consumer.failureMessage}`);
  }

  /** @returns the other failing tenants, if this one was failing too: the cause may have been the same, so they get another try */
  succeeded(tenantId: TenantId): readonly TenantId[] {
    if (this.reported.delete(tenantId)) this.consumer.log.log(`${tenantId} has recovered`);
    if (!this.failing.delete(tenantId)) return NONE;
    const others = [...this.failing];
    this.failing.clear();
    return others;
  }

  /** Forgets the failures of tenants that do not lag any more: another replica processed their events. */
  forgetAllBut(lagging: readonly TenantId[]): void {
    const kept = new Set(lagging);
    for (const tenants of [this.failing, this.reported])
      for (const tenantId of tenants) if (!kept.has(tenantId)) tenants.delete(tenantId);
  }

  /** The failing tenants that have waited longest for another try. */
  nextRetries(count: number): TenantId[] {
    return [...this.failing].slice(0, count);
  }

  /** @param alone a slow tenant counts only while it takes a turn: it may have no more events */
  readings(alone: ReadonlyMap<TenantId, unknown>): Reading[] {
    const by = this.consumer.name;
    const slow = [...alone.keys()].filter((tenantId) => this.slow.has(tenantId)).length;
    return [
      { labels: { by, reason: 'slow' }, value: slow },
      { labels: { by, reason: 'failing' }, value: this.failing.size },
    ];
  }
}
