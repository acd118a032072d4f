import { Injectable } from '@nestjs/common';
import { Metrics, type Reading } from '#kernel/metrics/metrics';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Tenants reported; bounds the number of time series. */
const MAX_TENANTS = 100;

interface TenantQueue {
  readonly tenantId: string;
  readonly queued: string;
  readonly running: string;
  readonly oldestSeconds: number;
}

/** Queue length and waiting time of investigations by tenant. Every replica reports the same values. */
@Injectable()
export class QueueMetrics {
  /** Cached, because counting long queues is slow and scrapes may be frequent. */
  private readonly queues = new TtlCache<TenantQueue[]>({
    ttlSeconds: 5,
    maxEntries: 1,
    load: () => this.read(),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    metrics.gauge(
      'causeflow_investigations',
      'Investigations queued and running, for the tenants with the longest queues',
      async () =>
        (await this.queues.get('')).flatMap(({ tenantId, queued, running }): Reading[] => [
          { labels: { tenant: tenantId, state: 'queued' }, value: Number(queued) },
          { labels: { tenant: tenantId, state: 'running' }, value: Number(running) },
        ]),
    );
    metrics.gauge(
      'causeflow_investigations_oldest_queued_seconds',
      'Seconds that the oldest queued investigation of a tenant has waited',
      async () =>
        (await this.queues.get('')).map(({ tenantId, oldestSeconds }) => ({
          labels: { tenant: tenantId },
          value: oldestSeconds,
        })),
    );
  }

  private read(): Promise<TenantQueue[]> {
    return this.unitOfWork.lookUp<TenantQueue>(
      `SELECT tenant_id AS "tenantId", queued, running, oldest_seconds AS "oldestSeconds" FROM investigation_queues($1)`,
      [MAX_TENANTS],
    );
  }
}
