import { Injectable } from '@nestjs/common';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { ToldEvent } from '#kernel/events/told-events';
import { ToldLog } from '#kernel/events/told-log';
import type { EventFilter } from '../domain/event-filter.js';
import { FindPlace } from './find-place.js';

/** Reads the log page by page, for clients that would rather ask than listen. */
@Injectable()
export class PollEvents {
  constructor(
    private readonly toldLog: ToldLog,
    private readonly findPlace: FindPlace,
  ) {}

  /**
   * Fewer than `limit` where they are large.
   * @param after the last event that the caller has; from the oldest when absent or `0`
   * @throws Refusal `validation_error` when the kept log has no such event
   */
  async execute(
    tenantId: TenantId,
    filter: EventFilter,
    after: string | undefined,
    limit: number,
  ): Promise<readonly ToldEvent[]> {
    const place = await this.findPlace.after(tenantId, after ?? '0');
    if (place === undefined) {
      throw invalid('after', 'is not an event of the kept log; leave it out to begin with the oldest one');
    }
    const events: ToldEvent[] = [];
    // A page is short where events stand between that nobody is told of.
    for (let from = place, isDone = false; !isDone && events.length < limit;) {
      const page = await this.toldLog.choose(tenantId, filter, from, limit);
      events.push(...page.events());
      from = page.upTo;
      isDone = page.isLast || page.cutTo !== undefined;
    }
    return events.slice(0, limit);
  }
}
