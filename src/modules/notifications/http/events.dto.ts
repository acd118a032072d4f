import { ApiProperty } from '@nestjs/swagger';
import { PUBLISHED_EVENT } from '#kernel/events/event-schemas';
import { Field, IdOf, Moment, Text, Whole } from '#kernel/http/fields';

class FilterQuery {
  @Field({
    type: 'string',
    maxLength: 2000,
    optional: true,
    summary: 'Names of events and wildcards like incident.*, separated by commas; all events when absent',
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
    summary: 'Resume after this event; 0 begins with the oldest kept. The header Last-Event-ID wins over it',
    example: 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE',
  })
  lastEventId?: string;

  @Field({
    type: 'string',
    maxLength: 200,
    optional: true,
    summary: 'A stream ticket, instead of the Authorization header',
  })
  ticket?: string;
}

export class PollQuery extends FilterQuery {
  @Field({
    type: 'string',
    maxLength: 200,
    optional: true,
    summary: 'Answer what follows this event; from the oldest kept one when absent',
    example: 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE',
  })
  after?: string;

  @Whole({
    inQuery: true,
    min: 1,
    max: 100,
    optional: true,
    default: 20,
    summary: 'How many items to answer',
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
      'The id of the last item, to ask on with as `after`; null when nothing follows yet: ask again with the same `after`',
  })
  nextCursor!: string | null;
}

export class StreamTicket {
  @Text({
    max: 200,
    summary: 'Good for opening one stream, as ?ticket=',
    example: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE.Zm9yX29uZV9zdHJlYW1fYW5kX25vX290aGVyX29uZSE',
  })
  ticket!: string;
  @Moment() expiresAt!: string;
}
