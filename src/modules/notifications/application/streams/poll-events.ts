import { Injectable } from '@nestjs/common';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { PublicEvent } from '#kernel/events/public-events';
import { type EventPage, PublicEventLog } from '#kernel/events/public-event-log';
import type { EventFilter } from '../../domain/event-filter.js';
import { FindPosition } from './find-position.js';

/** Reads the log page by page, for clients that poll instead of holding a stream open. */
@Injectable()
export class PollEvents {
  constructor(
    private readonly publicEventLog: PublicEventLog,
    private readonly findPosition: FindPosition,
  ) {}

  /**
   * Answers fewer than `limit` events where they are large.
   * @param after the last event that the caller has; from the oldest when absent or `0`
   * @throws Refusal `validation_error` when the kept log has no such event
   */
  async execute(
    tenantId: TenantId,
    filter: EventFilter,
    after: string | undefined,
    limit: number,
  ): Promise<readonly PublicEvent[]> {
    let position = await this.findPosition.after(tenantId, after ?? '0');
    if (position === undefined) {
      throw invalid('after', 'is not an event of the kept log; omit it to start from the oldest event');
    }
    const events: PublicEvent[] = [];
    let page: EventPage;
    // A page can be short because some events in its range are not published.
    do {
      page = await this.publicEventLog.page(tenantId, filter, position, limit);
      events.push(...page.events());
      position = page.upTo;
    } while (!page.isLast && page.cutTo === undefined && events.length < limit);
    return events.slice(0, limit);
  }
}
