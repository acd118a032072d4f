import { Injectable } from '@nestjs/common';
import type { Id, TenantId } from '../domain/ids.js';
import { BatchWriter } from '../persistence/batch-writer.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import { EventCatalogue } from './event-catalogue.js';
import { seqOf } from './event-id.js';
import { EVENT_COLUMNS, type EventTableRow, loggedEvent, type LoggedEvent } from './logged-event.js';

/** How far a reader has read a tenant's log. */
export interface LogPosition {
  readonly tenantId: TenantId;
  /** The sequence number of the last event read; 0 for none. */
  readonly after: number;
}

/** Reads the event log. Sequence numbers of a tenant's log have no gaps and follow the order of the commits. */
@Injectable()
export class EventLog {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly batches: BatchWriter,
    private readonly catalogue: EventCatalogue,
  ) {}

  /** The next events after sequence number `after`, at most `limit`. */
  async page(tenantId: TenantId, after: number, limit: number): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
      [tenantId, after, limit],
    );
    return rows.map(loggedEvent);
  }

  /** The events with these sequence numbers, in order, without those that are no longer retained. */
  async at(tenantId: TenantId, seqs: readonly number[]): Promise<LoggedEvent[]> {
    if (seqs.length === 0) return [];
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${EVENT_COLUMNS} FROM events WHERE tenant_id = $1 AND seq = ANY ($2::bigint[]) ORDER BY seq`,
      [tenantId, seqs],
    );
    return rows.map(loggedEvent);
  }

  /**
   * The next events of many tenants: one page for each position, at most `limit` events each. Sequence numbers have no gaps, so
   * a page is a range of them: it reads no more rows than these, however wrong the statistics of a new table are.
   */
  async pages(positions: readonly LogPosition[], limit: number): Promise<LoggedEvent[][]> {
    const tenantIds = positions.map(({ tenantId }) => tenantId);
    const afters = positions.map(({ after }) => after);
    const rows = await this.batches.read<PageRow>(tenantIds, PAGES, [tenantIds, afters, limit]);
    const pages = positions.map(() => [] as LoggedEvent[]);
    for (const row of rows) {
      const index = row.page - 1;
      const position = positions[index];
      if (row.seq !== null) pages[index]?.push(loggedEvent(row));
      // The log goes on, but the range is empty: it lies in a month that was dropped.
      else if (position && Number(row.head) > position.after)
        pages[index] = await this.page(position.tenantId, position.after, limit);
    }
    return pages;
  }

  /** The next events about one incident since `keptSince`, after sequence number `after`, at most `limit`. */
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

  /** The sequence number of the newest event; 0 when the log is empty. */
  async head(tenantId: TenantId): Promise<number> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(
      tenantId,
      `SELECT seq FROM event_stream WHERE tenant_id = $1`,
      [tenantId],
    );
    return Number(row?.seq ?? 0);
  }

  /** The sequence numbers of the newest events of many tenants, in one query. */
  async heads(tenantIds: readonly TenantId[]): Promise<Map<TenantId, number>> {
    const rows = await this.batches.read<{ tenant_id: TenantId; seq: string }>(tenantIds, HEADS, [tenantIds]);
    return new Map(rows.map(({ tenant_id, seq }) => [tenant_id, Number(seq)]));
  }

  /** The sequence number of an event; undefined when this tenant's log has no event with this id since `keptSince`. */
  async findSeq(tenantId: TenantId, eventId: Id<'evt'>, keptSince: Date): Promise<number | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(tenantId, FIND_SEQ, [
      tenantId,
      eventId,
      keptSince,
      seqOf(eventId),
    ]);
    return row && Number(row.seq);
  }

  /** The oldest public event since `keptSince`. */
  async oldest(tenantId: TenantId, keptSince: Date): Promise<{ seq: number; id: string } | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string; id: string }>(
      tenantId,
      `SELECT seq, id FROM events WHERE tenant_id = $1 AND occurred_at >= $2 AND type = ANY ($3) ORDER BY seq LIMIT 1`,
      [tenantId, keptSince, this.catalogue.publishedTypes],
    );
    return row && { seq: Number(row.seq), id: row.id };
  }
}

/** An empty page is one row without an event. */
type PageRow = { readonly page: number; readonly head: string } & (EventTableRow | { readonly seq: null });

/**
 * The lateral join has each page read by itself, however little the planner knows of the log. ORDER BY makes it use the primary
 * key: if the plan was made while the log was empty, any index that starts with tenant_id seems as good.
 */
const PAGES = {
  name: 'pages-of-logs',
  text: `
  SELECT start.page::int, log.seq AS head, e.*
    FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY AS start (tenant_id, after, page)
    JOIN event_stream AS log ON log.tenant_id = start.tenant_id
    LEFT JOIN LATERAL (
      SELECT ${EVENT_COLUMNS} FROM events
       WHERE tenant_id = start.tenant_id AND seq > start.after AND seq <= start.after + $3::bigint
       ORDER BY seq LIMIT $3::bigint) AS e ON true
   ORDER BY page, e.seq`,
};

const HEADS = {
  name: 'heads-of-logs',
  text: 'SELECT tenant_id, seq FROM event_stream WHERE tenant_id = ANY ($1)',
};

const FIND_SEQ = 'SELECT seq FROM events WHERE tenant_id = $1 AND seq = $4 AND id = $2 AND occurred_at >= $3';

/**
 * $1 tenant, $2 the sequence number after which to start, $3 the limit, $5 the incident. Sorts the events of the incident, which
 * are few: OFFSET 0 keeps the planner from scanning the log instead.
 */
export function ofIncident(columns: string, condition: string): string {
  return `
  SELECT ${columns} FROM (SELECT * FROM events WHERE tenant_id = $1 AND incident_id = $5 OFFSET 0) AS happened
   WHERE seq > $2 AND ${condition} ORDER BY seq LIMIT $3`;
}
