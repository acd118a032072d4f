import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import {
  type IncidentFilter,
  type IncidentPlace,
  isByTimesAlone,
  isLongAgo,
  isOneRange,
  search,
  walk,
  walkTimes,
} from './incident-queries.js';
import type { IncidentRow } from './incident-row.js';

/**
 * Incidents of a tenant, filtered, a page at a time. Ids sort by the time they were made, so they stand in for it.
 * What is common is found by walking along the list, what is rare by the index of words: either is slow at the other.
 */
@Injectable()
export class ListIncidents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async execute(tenantId: TenantId, filter: IncidentFilter): Promise<Page<IncidentRow>> {
    const { sort, order, limit } = filter;
    const list = `incidents:${sort}:${order}`;
    const after = this.cursors.open(tenantId, list, filter.cursor);
    const rows = await this.find({ ...filter, tenantId, after });
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ incidentId, updatedAt }) =>
        sort === 'createdAt' ? [incidentId] : [updatedAt.toISOString(), incidentId],
      item: (row) => row,
    });
  }

  private async find(place: IncidentPlace): Promise<IncidentRow[]> {
    const ask = ({ sql, parameters }: ReturnType<typeof walk>): Promise<IncidentRow[]> =>
      this.unitOfWork.query(place.tenantId, sql, parameters);
    const now = this.clock.now();
    const isFarOff = isLongAgo(place, now);
    const rows = await ask(isFarOff ? walkTimes(place) : walk(place));
    if (rows.length > place.limit || isOneRange(place)) return rows;
    if (!isByTimesAlone(place)) return ask(search(place, rows.length, now));
    return isFarOff ? rows : ask(walkTimes(place));
  }
}
