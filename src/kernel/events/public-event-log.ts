import { Injectable } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { ofIncident } from './event-log.js';
import {
  asOneRow,
  PUBLIC_COLUMNS,
  splitEvents,
  type PublicEvent,
  type JoinedEvents,
} from './public-events.js';

/** Which events a reader wants. */
export interface EventSelection {
  readonly types: readonly string[];
  /** Only those about this incident. */
  readonly incidentId?: string | undefined;
}

export interface EventPage {
  /** Takes the text apart that PostgreSQL answered: a page that waits is but one text. */
  readonly events: () => readonly PublicEvent[];
  /** The place up to which these are all that was chosen: the next page begins after it. */
  readonly upTo: number;
  /** Whether it reaches to where the log ended when it was asked for. */
  readonly isLast: boolean;
  /** How many events it has, when it has as many bytes as a page may have and so fewer events than were asked for. */
  readonly cutTo: number | undefined;
}

/** Reads a tenant's log for readers outside, each of whom wants some of the events. */
@Injectable()
export class PublicEventLog {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly catalogue: EventCatalogue,
  ) {}

  /**
   * The next chosen events after place `after`, at most `limit` and no more than a page may hold, and fewer where some in
   * between were not chosen. Skipping many that were not chosen costs nothing.
   */
  async page(tenantId: TenantId, choice: EventSelection, after: number, limit: number): Promise<EventPage> {
    const isWalk =
      choice.incidentId === undefined && choice.types.length === this.catalogue.publishedTypes.length;
    const [text] = isWalk
      ? await this.batches.read<JoinedEvents>([tenantId], WALK, [tenantId, after, limit, choice.types])
      : await this.seek(tenantId, choice, after, limit);
    if (!text) throw new Error('An aggregate answers one row');
    const isCut = text.count < text.chosen;
    const upTo = isWalk && !isCut ? after + limit : Number(text.last);
    const isLast = !isCut && (isWalk ? upTo >= Number(text.head) : text.count < limit);
    return {
      events: () => splitEvents(tenantId, text),
      upTo: isLast ? Math.max(after, Number(text.head)) : upTo,
      isLast,
      cutTo: isCut ? text.count : undefined,
    };
  }

  private seek(
    tenantId: TenantId,
    { types, incidentId }: EventSelection,
    after: number,
    limit: number,
  ): Promise<JoinedEvents[]> {
    const parameters = [tenantId, after, limit, types];
    return incidentId === undefined
      ? this.unitOfWork.query(tenantId, OF_SOME_TYPES, parameters)
      : this.unitOfWork.query(tenantId, OF_INCIDENT, [...parameters, incidentId]);
  }
}

/**
 * Walks along the log: nearly every event is wanted. Places have no gaps, so a page ends at a place instead of a number of
 * rows: however a young table is reckoned, no more than these are read. Ordered, so that they are read by the key also where
 * the plan was made of an empty log.
 */
const WALK = {
  name: 'walk-along-log',
  text: asOneRow(`
    SELECT ${PUBLIC_COLUMNS} FROM events
     WHERE tenant_id = $1 AND seq > $2 AND seq <= $2::bigint + $3::bigint AND type = ANY ($4) ORDER BY seq LIMIT $3::bigint`),
};

/**
 * Goes to the next events of each type by its index, so that a rare one is found however long ago it happened. The index
 * knows the stretch of 256 places in which they lie, not their order in it: with as many more as the last stretch can have,
 * the first ones are surely among them.
 */
const OF_SOME_TYPES = asOneRow(`
  SELECT e.* FROM unnest($4::text[]) AS wanted
    CROSS JOIN LATERAL (
      SELECT ${PUBLIC_COLUMNS} FROM events
       WHERE tenant_id = $1 AND type = wanted AND stretch >= $2::bigint >> 8 AND seq > $2
       ORDER BY stretch LIMIT $3::bigint + 256) AS e
   ORDER BY e.seq LIMIT $3`);

const OF_INCIDENT = asOneRow(ofIncident(PUBLIC_COLUMNS, 'type = ANY ($4)'));
