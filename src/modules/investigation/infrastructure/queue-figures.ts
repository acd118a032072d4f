import { Injectable } from '@nestjs/common';
import { Metrics, type Reading } from '#kernel/metrics/metrics';
import { Recent } from '#kernel/persistence/recent';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** More tenants than that are more lines than anybody looks at. */
const LONGEST_LINES = 100;

interface Line {
  readonly tenantId: string;
  readonly queued: string;
  readonly running: string;
  readonly oldestSeconds: number;
}

/** For whom investigations wait, how many and for how long. Each replica tells the same. */
@Injectable()
export class QueueFigures {
  /** However often somebody scrapes: a long line takes a moment to count. */
  private readonly lines = new Recent<Line[]>({ seconds: 5, most: 1, load: () => this.read() });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    metrics: Metrics,
  ) {
    metrics.gauge(
      'causeflow_investigations',
      'Investigations queued and running, of the tenants with the longest lines',
      async () =>
        (await this.lines.get('')).flatMap(({ tenantId, queued, running }): Reading[] => [
          { labels: { tenant: tenantId, state: 'queued' }, value: Number(queued) },
          { labels: { tenant: tenantId, state: 'running' }, value: Number(running) },
        ]),
    );
    metrics.gauge(
      'causeflow_investigations_oldest_queued_seconds',
      'For how long the first in the line of a tenant has waited',
      async () =>
        (await this.lines.get('')).map(({ tenantId, oldestSeconds }) => ({
          labels: { tenant: tenantId },
          value: oldestSeconds,
        })),
    );
  }

  private read(): Promise<Line[]> {
    return this.unitOfWork.lookUp<Line>(
      `SELECT tenant_id AS "tenantId", queued, running, oldest_seconds AS "oldestSeconds" FROM investigation_queues($1)`,
      [LONGEST_LINES],
    );
  }
}
