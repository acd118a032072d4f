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
import { FindPlace } from '../application/find-place.js';
import { OpenStream } from '../application/open-stream.js';
import { StreamPlaces } from '../application/stream-places.js';
import { StreamTickets } from '../application/stream-tickets.js';
import { EventFilter } from '../domain/event-filter.js';
import { StreamQuery, StreamTicket } from './events.dto.js';
import { ResponseOutlet } from './response-outlet.js';
import { TicketGuard } from './ticket.guard.js';

/** Events as they happen. Nest opens and closes the stream; what goes through it is written by ourselves, once for all. */
@Controller('v1/notifications')
@ApiTags('events')
export class EventStreamController {
  constructor(
    private readonly places: StreamPlaces,
    private readonly findPlace: FindPlace,
    private readonly openStream: OpenStream,
    private readonly tickets: StreamTickets,
    private readonly catalogue: EventCatalogue,
  ) {}

  @Sse('stream')
  @Allow({ scope: 'events:read', ticket: true })
  @UseGuards(TicketGuard)
  @ApiOperation({
    operationId: 'streamEvents',
    summary: 'Listen to events',
    description:
      'Server-Sent Events. Each frame has the id, the name and the envelope of one event; /asyncapi.json describes them. ' +
      'Resumes exactly after the last id: nothing is lost, repeated or out of order. When that id is not kept any more, ' +
      'a frame stream.truncated with {oldestEventId} comes first, then everything from the oldest event.',
  })
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'What a returning EventSource sends' })
  @ApiOkResponse({ schema: { type: 'string' }, description: 'The stream; it stays open' })
  @errorResponses(400, 401, 403, 429, 503)
  async stream(
    @Caller() caller: Principal,
    @Query() query: StreamQuery,
    @Headers('last-event-id') lastSeen: string | undefined,
    @Res() response: Response,
  ): Promise<Observable<MessageEvent>> {
    const filter = EventFilter.of(query, this.catalogue.publishedTypes);
    takeUntilClosed(response, () => this.places.take(caller.tenantId));
    // An EventSource without a last id sends no header, and some clients an empty one.
    const lastEventId = lastSeen === undefined || lastSeen === '' ? query.lastEventId : lastSeen;
    // Found before the headers go out: whoever has seen them misses nothing that happens afterwards.
    const beginning = await this.findPlace.begin(caller.tenantId, lastEventId);
    // A question about the headers alone. Nest answers it with an empty stream.
    if (response.req.method === 'HEAD') return EMPTY;
    ResponseOutlet.whenHandedOver(response, (outlet) => {
      response.once('close', this.openStream.execute({ caller, filter, beginning }, outlet));
    });
    // Nest sends the headers with the first message. A comment is one that nobody sees.
    return of({ comment: '' });
  }

  @Post('stream-tickets')
  @Allow({ scope: 'events:read' })
  @ApiOperation({
    operationId: 'createStreamTicket',
    summary: 'Get a ticket for one stream',
    description:
      'For browsers, whose EventSource cannot send headers: open /v1/notifications/stream?ticket=… within 30 seconds. ' +
      'A ticket opens one stream. To come back, take a new one and pass ?lastEventId=.',
  })
  @ApiCreatedResponse({ type: StreamTicket })
  @errorResponses(401, 403, 429)
  async ticket(
    @Caller() caller: Principal,
    @Res({ passthrough: true }) response: Response,
  ): Promise<StreamTicket> {
    const { ticket, expiresAt } = await this.tickets.issue(caller);
    // Where it is good, without it: headers end up in logs.
    response.location('/v1/notifications/stream');
    return { ticket, expiresAt: expiresAt.toISOString() };
  }
}

/** Also when it is refused after this. One whose reader has gone already takes nothing: it will not be closed once more. */
function takeUntilClosed(response: Response, take: () => () => void): void {
  if (!response.destroyed) response.once('close', take());
}
