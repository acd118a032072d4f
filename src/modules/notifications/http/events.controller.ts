import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { PollEvents } from '../application/streams/poll-events.js';
import { EventFilter } from '../domain/event-filter.js';
import { EventPage, PollQuery } from './events.dto.js';

/** The same events as the stream's, for clients that poll. */
@Controller('v1/notifications/events')
@ApiTags('events')
export class EventsController {
  constructor(
    private readonly pollEvents: PollEvents,
    private readonly catalogue: EventCatalogue,
  ) {}

  @Get()
  @Allow({ scope: 'events:read' })
  @ApiOperation({ operationId: 'pollEvents', summary: 'List events, oldest first' })
  @ApiOkResponse({ type: EventPage })
  @errorResponses(400, 401, 403, 429)
  async poll(@Caller() { tenantId }: Principal, @Query() query: PollQuery): Promise<EventPage> {
    const filter = EventFilter.of(query, this.catalogue.publishedTypes);
    const events = await this.pollEvents.execute(tenantId, filter, query.after, query.limit);
    const items = events.map(({ id, type, timestamp, data }) => ({
      id,
      event: type,
      timestamp,
      tenantId,
      data: JSON.parse(data) as unknown,
    }));
    return { items, nextCursor: items.at(-1)?.id ?? null };
  }
}
