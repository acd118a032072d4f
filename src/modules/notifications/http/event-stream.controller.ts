import { Controller, Headers, Post, Query, Res, Sse, UseGuards, type MessageEvent } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { EMPTY, type Observable, of } from 'rxjs';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { Caller } from '#kernel/http/call-request';
import { errorResponses } from '#kernel/http/error-docs';
import { Allow, type Principal } from '#kernel/http/principal';
import { FindPosition } from '../application/streams/find-position.js';
import { OpenStream } from '../application/streams/open-stream.js';
import { StreamQuota } from '../application/streams/stream-quota.js';
import { StreamTickets } from '../application/streams/stream-tickets.js';
import { EventFilter } from '../domain/event-filter.js';
import { StreamQuery, StreamTicket } from './events.dto.js';
import { ResponseSink } from './response-sink.js';
import { TicketGuard } from './ticket.guard.js';

/** Live events. Nest opens and closes the stream; `ResponseSink` writes it, encoded once for all subscribers. */
@Controller('v1/notifications')
@ApiTags('events')
export class EventStreamController {
  constructor(
    private readonly quota: StreamQuota,
    private readonly findPosition: FindPosition,
    private readonly openStream: OpenStream,
    private readonly tickets: StreamTickets,
    private readonly catalogue: EventCatalogue,
  ) {}

  @Sse('stream')
  @Allow({ scope: 'events:read', ticket: true })
  @UseGuards(TicketGuard)
  @ApiOperation({
    operationId: 'streamEvents',
    summary: 'Stream events',
    description:
      'Server-Sent Events. Each frame has the id, the name and the envelope of one event; /asyncapi.json describes them. ' +
      'Resumes exactly after the last id: nothing is lost, repeated or out of order. When that event is no longer kept, ' +
      'a frame stream.truncated with {oldestEventId} comes first, then everything from the oldest event.',
  })
  @ApiProduces('text/event-stream')
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'Sent by an EventSource when it reconnects',
  })
  @ApiOkResponse({ schema: { type: 'string' }, description: 'The stream, which stays open' })
  @errorResponses(400, 401, 403, 429, 503)
  async stream(
    @Caller() caller: Principal,
    @Query() query: StreamQuery,
    @Headers('last-event-id') lastSeen: string | undefined,
    @Res() response: Response,
  ): Promise<Observable<MessageEvent>> {
    const filter = EventFilter.of(query, this.catalogue.publishedTypes);
    acquireUntilClosed(response, () => this.quota.acquire(caller.tenantId));
    // An EventSource without a last id omits the header; some clients send an empty one.
    const lastEventId = lastSeen === undefined || lastSeen === '' ? query.lastEventId : lastSeen;
    // Before the headers are sent: a client that has received them misses no later event.
    const start = await this.findPosition.start(caller.tenantId, lastEventId);
    // HEAD asks for the headers only; Nest answers with an empty stream.
    if (response.req.method === 'HEAD') return EMPTY;
    ResponseSink.whenHandedOver(response, (sink) => {
      response.once('close', this.openStream.execute({ caller, filter, start }, sink));
    });
    // Nest sends the headers with the first message; clients ignore a comment.
    return of({ comment: '' });
  }

  @Post('stream-tickets')
  @Allow({ scope: 'events:read' })
  @ApiOperation({
    operationId: 'createStreamTicket',
    summary: 'Create a ticket for one stream',
    description:
      'For browsers, whose EventSource cannot send headers: open /v1/notifications/stream?ticket=… within 30 seconds. ' +
      'A ticket opens one stream. To reconnect, create a new one and pass ?lastEventId=.',
  })
  @ApiCreatedResponse({ type: StreamTicket })
  @errorResponses(401, 403, 429)
  async ticket(
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamTicket> {
    const { ticket, expiresAt } = await this.tickets.issue(caller);
    // Without the ticket, since headers end up in logs.
    response.location('/v1/notifications/stream');
    return { ticket, expiresAt: expiresAt.toISOString() };
  }
}

/** Releases also when the request is refused later. A response that is closed already emits no second `close`. */
function acquireUntilClosed(response: Response, acquire: () => () => void): void {
  if (!response.destroyed) response.once('close', acquire());
}
