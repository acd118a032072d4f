import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { ConcurrencyLimiter } from '#kernel/domain/concurrency-limiter';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { IncidentFilter, IncidentPageRequest } from './incident-conditions.js';
import { queryFor, strategiesFor } from './incident-list-plan.js';
import type { IncidentRow } from './incident-row.js';

/** A tenant's incidents, filtered and sorted, one page at a time. */
@Injectable()
export class ListIncidents {
  /** A search may take seconds. Those of one tenant leave half of the connections to everything else. */
  private readonly searches: ConcurrencyLimiter;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
    @Inject(Config) { databasePoolSize }: Config,
  ) {
    this.searches = new ConcurrencyLimiter(Infinity, Math.ceil(databasePoolSize / 2));
  }

  async execute(tenantId: TenantId, filter: IncidentFilter): Promise<Page<IncidentRow>> {
    const { sort, order, limit } = filter;
    const list = `incidents:${sort}:${order}`;
    const after = this.cursors.open(tenantId, list, filter.cursor);
    const rows = await this.searches.run(tenantId, () => this.find({ ...filter, tenantId, after }));
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ incidentId, updatedAt }) =>
        sort === 'createdAt' ? [incidentId] : [updatedAt.toISOString(), incidentId],
    });
  }

  private async find(page: IncidentPageRequest): Promise<IncidentRow[]> {
    const now = this.clock.now();
    let rows: IncidentRow[] = [];
    for (const strategy of strategiesFor(page, now)) {
      const { sql, parameters } = queryFor(strategy, page, now);
      rows = await this.unitOfWork.query(page.tenantId, sql, parameters);
      if (rows.length > page.limit) break;
    }
    return rows;
  }
}
