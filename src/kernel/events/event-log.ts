import { Injectable } from '@nestjs/common';
import type { Id, TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { seqOf } from './event-id.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from './logged-event.js';

/** Where somebody stands who goes along a tenant's log. */
export interface LogPosition {
  readonly tenantId: TenantId;
  readonly after: number;
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

  /**
   * The next events of many tenants, a page for each place asked for, in the order of its log; at most `limit` of each. Places
   * have no gaps, so a page is a range of them: however a young table is reckoned, no more is read.
   */
  async pages(places: readonly LogPosition[], limit: number): Promise<LoggedEvent[][]> {
    const tenantIds = places.map(({ tenantId }) => tenantId);
    const afters = places.map(({ after }) => after);
    const rows = await this.batches.read<PageRow>(tenantIds, PAGES, [tenantIds, afters, limit]);
    const pages = places.map(() => [] as LoggedEvent[]);
    for (const row of rows) {
      const at = row.page - 1;
      const place = places[at];
      if (row.seq !== null) pages[at]?.push(loggedEvent(row));
      // There is more, and none of it here: the range is of a month that was let go of.
      else if (place && Number(row.head) > place.after)
        pages[at] = await this.page(place.tenantId, place.after, limit);
    }
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
  async findSeq(tenantId: TenantId, eventId: Id<'evt'>, keptSince: Date): Promise<number | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(tenantId, PLACE_OF, [
      tenantId,
      eventId,
      keptSince,
      seqOf(eventId),
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

/** Of an empty page one row, without an event. */
type PageRow = { readonly page: number; readonly head: string } & (EventTableRow | { readonly seq: null });

/**
 * Each page is sought by itself, however little the planner knows of the log; its order has it sought by the key, where in an
 * empty log, of which the plan may have been made, any index that tenant_id leads seems as good.
 */
const PAGES = {
  name: 'pages-of-logs',
  text: `
  SELECT place.page::int, log.seq AS head, e.*
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS place (tenant_id, after, page)
    JOIN event_stream AS log ON log.tenant_id = place.tenant_id
    LEFT JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = place.tenant_id AND seq > place.after AND seq <= place.after + $3::bigint
       ORDER BY seq LIMIT $3::bigint) AS e ON true
   ORDER BY page, e.seq`,
};

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
