import { Injectable } from '@nestjs/common';
import type { Id, TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { placeIn } from './event-id.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from './logged-event.js';

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

  /** The events at these places, in their order; those that are not kept any more are left out. */
  async at(tenantId: TenantId, places: readonly number[]): Promise<LoggedEvent[]> {
    if (places.length === 0) return [];
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant_id = $1 AND seq = ANY ($2::bigint[]) ORDER BY seq`,
      [tenantId, places],
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
}

const PAGES = `
  SELECT e.* FROM unnest($1::text[], $2::bigint[]) AS place (tenant_id, after)
    CROSS JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = place.tenant_id AND seq > place.after ORDER BY seq LIMIT $3) AS e
   ORDER BY e.tenant_id, e.seq`;

const HEADS = {
  name: 'heads-of-logs',
  text: 'SELECT tenant_id, seq FROM event_stream WHERE tenant_id = ANY ($1)',
};

const PLACE_OF = 'SELECT seq FROM events WHERE tenant_id = $1 AND seq = $4 AND id = $2 AND occurred_at >= $3';

/**
 * $1 tenant, $2 the place after which, $3 how many, $5 the incident. Sorts what happened to it, which is never much:
 * OFFSET 0 keeps the planner from walking along the log instead.
 */
export function ofIncident(columns: string, condition: string): string {
  return `
  SELECT ${columns} FROM (SELECT * FROM events WHERE tenant_id = $1 AND incident_id = $5 OFFSET 0) AS happened
   WHERE seq > $2 AND ${condition} ORDER BY seq LIMIT $3`;
}
