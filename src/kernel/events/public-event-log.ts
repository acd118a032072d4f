import { Injectable } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { ofIncident } from './event-log.js';
import {
  asOneRow,
  PUBLIC_COLUMNS,
  type JoinedEvents,
  type PublicEvent,
  splitEvents,
} from './public-events.js';

/** Which public events to read. */
export interface EventSelection {
  readonly types: readonly string[];
  /** If set, only events about this incident. */
  readonly incidentId?: string | undefined;
}

export interface EventPage {
  /** Parses the text from PostgreSQL. Until then a waiting page is a single string. */
  readonly events: () => readonly PublicEvent[];
  /** The next page starts after this sequence number. */
  readonly upTo: number;
  /** Whether the page reaches the end that the log had when it was read. */
  readonly isLast: boolean;
  /** The number of events, if the size limit of a page cut it short; undefined otherwise. */
  readonly cutTo: number | undefined;
}

/** Reads the public events of a tenant's log for clients, each of which selects some of them. */
@Injectable()
export class PublicEventLog {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly catalogue: EventCatalogue,
  ) {}

  /**
   * The next selected events after sequence number `after`: at most `limit`, fewer when the size limit of a page is reached or when
   * other events lie in between. Skipping many events that are not selected costs nothing.
   */
  async page(
    tenantId: TenantId,
    selection: EventSelection,
    after: number,
    limit: number,
  ): Promise<EventPage> {
    const isScan =
      selection.incidentId === undefined && selection.types.length === this.catalogue.publishedTypes.length;
    const [row] = isScan
      ? await this.batches.read<JoinedEvents>([tenantId], SCAN, [tenantId, after, limit, selection.types])
      : await this.seek(tenantId, selection, after, limit);
    if (!row) throw new Error('An aggregate query returns one row');
    const isCut = row.count < row.selected;
    const upTo = isScan && !isCut ? after + limit : Number(row.last);
    const isLast = !isCut && (isScan ? upTo >= Number(row.head) : row.count < limit);
    return {
      events: () => splitEvents(tenantId, row),
      upTo: isLast ? Math.max(after, Number(row.head)) : upTo,
      isLast,
      cutTo: isCut ? row.count : undefined,
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
 * A range scan, for readers that want nearly every event. Sequence numbers have no gaps, so a page is a range of them instead of
 * a number of rows: it reads no more than these, however wrong the statistics of a new table are. ORDER BY makes it use the
 * primary key even if the plan was made while the log was empty.
 */
const SCAN = {
  name: 'scan-log',
  text: asOneRow(`
    SELECT ${PUBLIC_COLUMNS} FROM events
     WHERE tenant_id = $1 AND seq > $2 AND seq <= $2::bigint + $3::bigint AND type = ANY ($4) ORDER BY seq LIMIT $3::bigint`),
};

/**
 * Seeks the next events of each type by index, so that a rare type is found however far back it lies. The index holds only the
 * stretch of 256 sequence numbers in which an event lies, not its order within it: reading 256 more than the limit makes sure
 * that the first ones are among them.
 */
const OF_SOME_TYPES = asOneRow(`
  SELECT e.* FROM unnest($4::text[]) AS wanted
    CROSS JOIN LATERAL (
      SELECT ${PUBLIC_COLUMNS} FROM events
       WHERE tenant_id = $1 AND type = wanted AND stretch >= $2::bigint >> 8 AND seq > $2
       ORDER BY stretch LIMIT $3::bigint + 256) AS e
   ORDER BY e.seq LIMIT $3`);

const OF_INCIDENT = asOneRow(ofIncident(PUBLIC_COLUMNS, 'type = ANY ($4)'));
