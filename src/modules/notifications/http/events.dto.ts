import { ApiProperty } from '@nestjs/swagger';
import { PUBLISHED_EVENT } from '#kernel/events/event-schemas';
import { Field, IdOf, Moment, Text, Whole } from '#kernel/http/fields';

class FilterQuery {
  @Field({
    type: 'string',
    maxLength: 2000,
    optional: true,
    summary: 'Comma-separated event names and wildcards like incident.*; all events when absent',
    example: 'incident.*,remediation.proposed',
  })
  events?: string;

  @IdOf('inc', { optional: true, summary: 'Only events about this incident' })
  incidentId?: string;
}

export class StreamQuery extends FilterQuery {
  @Field({
    type: 'string',
    maxLength: 16_384,
    optional: true,
    summary:
      'Resume after this event; 0 starts from the oldest kept event. The Last-Event-ID header takes precedence',
    example: 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE',
  })
  lastEventId?: string;

  @Field({
    type: 'string',
    maxLength: 200,
    optional: true,
    summary:
      'A single-use stream ticket, instead of the Authorization header. Never an access token: addresses end up in logs',
  })
  ticket?: string;
}

export class PollQuery extends FilterQuery {
  @Field({
    type: 'string',
    maxLength: 200,
    optional: true,
    summary: 'Return events after this one; from the oldest kept event when absent',
    example: 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE',
  })
  after?: string;

  @Whole({
    inQuery: true,
    min: 1,
    max: 100,
    optional: true,
    default: 20,
    summary: 'Maximum number of items',
  })
  limit: number = 20;
}

interface PolledEvent {
  readonly id: string;
  readonly event: string;
  readonly timestamp: string;
  readonly tenantId: string;
  readonly data: unknown;
}

export class EventPage {
  @ApiProperty({ type: 'array', maxItems: 100, items: PUBLISHED_EVENT }) items!: readonly PolledEvent[];
  @IdOf('evt', {
    nullable: true,
    summary:
      'The id of the last item, to pass as `after`; null when there are no newer events yet: poll again with the same `after`',
  })
  nextCursor!: string | null;
}

export class StreamTicket {
  @Text({
    max: 200,
    summary: 'Opens one stream, as ?ticket=',
    example: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE.Zm9yX29uZV9zdHJlYW1fYW5kX25vX290aGVyX29uZSE',
  })
  ticket!: string;
  @Moment() expiresAt!: string;
}
