import { Injectable } from '@nestjs/common';
import type { Id, TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { placeIn } from './event-id.js';
import type { LoggedEvent } from './logged-event.js';
import { asOneText, TOLD_COLUMNS, toldEvents, type ToldEvent, type ToldText } from './told-events.js';

/** Which events a reader wants. */
export interface EventChoice {
  readonly types: readonly string[];
  /** Only those about this incident. */
  readonly incidentId?: string | undefined;
}

export interface EventPage {
  /** Takes the text apart that PostgreSQL answered: a page that waits is but one text. */
  readonly events: () => readonly ToldEvent[];
  /** The place up to which these are all that was chosen: the next page begins after it. */
  readonly upTo: number;
  /** Whether it reaches to where the log ended when it was asked for. */
  readonly isLast: boolean;
}

/** Reads a tenant's log, in the order of the facts. */
@Injectable()
export class EventLog {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly catalogue: EventCatalogue,
  ) {}

  /** The next events after place `after`, at most `limit`. */
  async page(tenantId: TenantId, after: number, limit: number): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
      [tenantId, after, limit],
    );
    return rows.map(loggedEvent);
  }

  /** The next events of many tenants, each after its place, in the order of their logs; at most `limit` of each. */
  async pages(places: ReadonlyMap<TenantId, number>, limit: number): Promise<Map<TenantId, LoggedEvent[]>> {
    const tenantIds = [...places.keys()];
    const rows = await this.batches.read<EventTableRow>(tenantIds, { text: PAGES }, [
      tenantIds,
      [...places.values()],
      limit,
    ]);
    const pages = new Map(tenantIds.map((tenantId) => [tenantId, [] as LoggedEvent[]]));
    for (const row of rows) pages.get(row.tenant_id)?.push(loggedEvent(row));
    return pages;
  }

  /** The next events about one incident since `keptSince`, after place `after`, at most `limit`. */
  async ofIncident(
    tenantId: TenantId,
    incidentId: string,
    { after, keptSince, limit }: { after: number; keptSince: Date; limit: number },
  ): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      ofIncident(EVENT_COLUMNS, 'occurred_at >= $4'),
      [tenantId, after, limit, keptSince, incidentId],
    );
    return rows.map(loggedEvent);
  }

  /**
   * The next chosen events after place `after`, at most `limit`, and fewer where some in between were not chosen. Skipping
   * many that were not chosen costs nothing.
   */
  async choose(tenantId: TenantId, choice: EventChoice, after: number, limit: number): Promise<EventPage> {
    const isWalk =
      choice.incidentId === undefined && choice.types.length === this.catalogue.publishedTypes.length;
    const [text] = isWalk
      ? await this.batches.read<ToldText>([tenantId], WALK, [tenantId, after, limit, choice.types])
      : await this.seek(tenantId, choice, after, limit);
    if (!text) throw new Error('An aggregate answers one row');
    const upTo = isWalk ? after + limit : Number(text.last);
    const isLast = isWalk ? upTo >= Number(text.head) : text.count < limit;
    return {
      events: () => toldEvents(tenantId, text),
      upTo: isLast ? Math.max(after, Number(text.head)) : upTo,
      isLast,
    };
  }

  /** The place of the newest event; 0 when the log is empty. */
  async head(tenantId: TenantId): Promise<number> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(
      tenantId,
      `SELECT seq FROM event_stream WHERE tenant_id = $1`,
      [tenantId],
    );
    return Number(row?.seq ?? 0);
  }

  /** The places of the newest events of many tenants, in one question. */
  async heads(tenantIds: readonly TenantId[]): Promise<Map<TenantId, number>> {
    const rows = await this.batches.read<{ tenant_id: TenantId; seq: string }>(tenantIds, HEADS, [tenantIds]);
    return new Map(rows.map(({ tenant_id, seq }) => [tenant_id, Number(seq)]));
  }

  /** The place of an event by its id; undefined when this tenant's log has none by that id since `keptSince`. */
  async placeOf(tenantId: TenantId, eventId: Id<'evt'>, keptSince: Date): Promise<number | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(tenantId, PLACE_OF, [
      tenantId,
      eventId,
      keptSince,
      placeIn(eventId),
    ]);
    return row && Number(row.seq);
  }

  /** The oldest published event since `keptSince`. */
  async oldest(tenantId: TenantId, keptSince: Date): Promise<{ seq: number; id: string } | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string; id: string }>(
      tenantId,
      `SELECT seq, id FROM events WHERE tenant_id = $1 AND occurred_at >= $2 AND type = ANY ($3) ORDER BY seq LIMIT 1`,
      [tenantId, keptSince, this.catalogue.publishedTypes],
    );
    return row && { seq: Number(row.seq), id: row.id };
  }

  private seek(
    tenantId: TenantId,
    { types, incidentId }: EventChoice,
    after: number,
    limit: number,
  ): Promise<ToldText[]> {
    const parameters = [tenantId, after, limit, types];
    return incidentId === undefined
      ? this.unitOfWork.query(tenantId, OF_SOME_TYPES, parameters)
      : this.unitOfWork.query(tenantId, OF_INCIDENT, [...parameters, incidentId]);
  }
}

const HEADS = {
  name: 'heads-of-logs',
  text: 'SELECT tenant_id, seq FROM event_stream WHERE tenant_id = ANY ($1)',
};

export const EVENT_COLUMNS = `seq, id, type, tenant_id, data::text AS data, incident_id, actor, correlation_id, occurred_at`;

/**
 * Walks along the log: nearly every event is wanted. Places have no gaps, so a page ends at a place instead of a number of
 * rows: however a young table is reckoned, no more than these are read.
 */
const WALK = {
  name: 'walk-along-log',
  text: asOneText(`
    SELECT ${TOLD_COLUMNS} FROM events
     WHERE tenant_id = $1 AND seq > $2 AND seq <= $2::bigint + $3::bigint AND type = ANY ($4)`),
};

/** The second part finds those that were given their ids before ids told the place. */
const PLACE_OF = `
  SELECT seq FROM events WHERE tenant_id = $1 AND seq = $4 AND id = $2 AND occurred_at >= $3
   UNION ALL
  SELECT seq FROM events WHERE tenant_id = $1 AND id = $2 AND occurred_at >= $3 AND id <> event_id(id, seq)`;

const PAGES = `
  SELECT e.* FROM unnest($1::text[], $2::bigint[]) AS place (tenant_id, after)
    CROSS JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = place.tenant_id AND seq > place.after ORDER BY seq LIMIT $3) AS e
   ORDER BY e.tenant_id, e.seq`;

const OF_INCIDENT = asOneText(ofIncident(TOLD_COLUMNS, 'type = ANY ($4)'));

/**
 * Goes to the next events of each type by its index, so that a rare one is found however long ago it happened. The index
 * knows the stretch of 256 places in which they lie, not their order in it: with as many more as the last stretch can have,
 * the first ones are surely among them.
 */
const OF_SOME_TYPES = asOneText(`
  SELECT e.* FROM unnest($4::text[]) AS wanted
    CROSS JOIN LATERAL (
      SELECT ${TOLD_COLUMNS} FROM events
       WHERE tenant_id = $1 AND type = wanted AND stretch >= $2::bigint >> 8 AND seq > $2
       ORDER BY stretch LIMIT $3::bigint + 256) AS e
   ORDER BY e.seq LIMIT $3`);

/**
 * $1 tenant, $2 the place after which, $3 how many, $5 the incident. Sorts what happened to it, which is never much:
 * OFFSET 0 keeps the planner from walking along the log instead.
 */
function ofIncident(columns: string, condition: string): string {
  return `
  SELECT ${columns} FROM (SELECT * FROM events WHERE tenant_id = $1 AND incident_id = $5 OFFSET 0) AS happened
   WHERE seq > $2 AND ${condition} ORDER BY seq LIMIT $3`;
}

export interface EventTableRow {
  seq: string;
  id: string;
  type: string;
  tenant_id: TenantId;
  data: string;
  incident_id: string | null;
  actor: string | null;
  correlation_id: string | null;
  occurred_at: Date;
}

export function loggedEvent(row: EventTableRow): LoggedEvent {
  return {
    seq: Number(row.seq),
    id: row.id,
    type: row.type,
    tenantId: row.tenant_id,
    data: row.data,
    incidentId: row.incident_id,
    actor: row.actor,
    correlationId: row.correlation_id,
    occurredAt: row.occurred_at,
  };
}
