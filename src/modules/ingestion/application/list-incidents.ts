import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { IncidentFilter, IncidentPlace } from './incident-conditions.js';
import {
  isByTimesAlone,
  isByUpdateOfTimes,
  isOneRange,
  isWorthWalking,
  type Query,
  sample,
  search,
  shorterKeys,
  sortRange,
  walk,
  WALK,
  walkKeys,
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
    });
  }

  private async find(place: IncidentPlace): Promise<IncidentRow[]> {
    if (isByUpdateOfTimes(place)) return this.findByUpdateOfTimes(place);
    const looked = await this.ask<IncidentRow>(place, walk(place));
    if (looked.length > place.limit || isOneRange(place)) return looked;
    if (isWorthWalking(place, looked.length)) {
      const walked = await this.ask<IncidentRow>(place, walk(place, WALK));
      if (walked.length > place.limit) return walked;
    }
    return this.ask(place, search(place, this.clock.now()));
  }

  private async findByUpdateOfTimes(place: IncidentPlace): Promise<IncidentRow[]> {
    const now = this.clock.now();
    const keys = shorterKeys(place, now);
    if (isByTimesAlone(place)) {
      const rows = await this.ask<IncidentRow>(place, walkKeys(place, keys));
      const isComplete = rows.length > place.limit || keys === 'ofTimes';
      return isComplete ? rows : this.ask(place, walkKeys(place, 'ofTimes'));
    }
    const [looked] = await this.ask<{ found: number }>(place, sample(place));
    if (isWorthWalking(place, looked?.found ?? 0)) {
      const rows = await this.ask<IncidentRow>(place, walkKeys(place, keys));
      if (rows.length > place.limit) return rows;
    }
    const isRange = keys === 'ofTimes' && isOneRange({ ...place, sort: 'createdAt' });
    return this.ask(place, isRange ? sortRange(place) : search(place, now));
  }

  private ask<Row extends object>({ tenantId }: IncidentPlace, { sql, parameters }: Query): Promise<Row[]> {
    return this.unitOfWork.query(tenantId, sql, parameters);
  }
}
