import type { TenantId } from '../domain/ids.js';
import type { LoggedEvent } from './logged-event.js';

/** What readers outside are told of an event. */
export interface PublicEvent extends Pick<LoggedEvent, 'id' | 'type' | 'tenantId' | 'data'> {
  /** When it happened: in UTC, to the millisecond. */
  readonly timestamp: string;
}

export function toPublicEvent({ id, type, tenantId, data, occurredAt }: LoggedEvent): PublicEvent {
  return { id, type, timestamp: occurredAt.toISOString(), tenantId, data };
}

/** Many events as one text, as PostgreSQL joins them. */
export interface JoinedEvents {
  /** Where the log ended in the moment in which it was read, so that nothing up to there can be missing. */
  readonly head: string | null;
  /** How many were chosen, and how many of them the text has. */
  readonly chosen: number;
  readonly count: number;
  /** The place of the last event, and the text; null when there is none. */
  readonly last: string | null;
  readonly told: string | null;
}

/** An event may have hundreds of kilobytes: a plan of many steps. A page ends with the one that makes it this large. */
const BYTES_A_PAGE = 1_048_576;
/** Not to be found in any JSON text, where it stands escaped. */
const SEPARATOR = '\x1e';
/** An event's id, type, timestamp and data. */
const PARTS = 4;

export const PUBLIC_COLUMNS = 'seq, id, type, occurred_at, data';

/**
 * Reads as one row, a `JoinedEvents`, what a query for `PUBLIC_COLUMNS` chose of the log of tenant $1, up to the event that makes
 * it a page's size: to join its values there and take them apart here costs a third of what they cost the driver one by one.
 */
export function asOneRow(chosen: string): string {
  return `
  SELECT (SELECT seq FROM event_stream WHERE tenant_id = $1) AS head, count(*)::int AS chosen,
         (count(*) FILTER (WHERE fits))::int AS count, max(seq) FILTER (WHERE fits) AS last,
         string_agg(
           id || E'\\x1e' || type || E'\\x1e' || (occurred_at AT TIME ZONE 'UTC')::text || E'\\x1e' || data,
           E'\\x1e' ORDER BY seq) FILTER (WHERE fits) AS told
    FROM (SELECT *, (sum(octet_length(data::text)) OVER before >= ${BYTES_A_PAGE}) IS NOT TRUE AS fits
            FROM (${chosen}) AS chosen
          WINDOW before AS (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS page`;
}

export function splitEvents(tenantId: TenantId, { told: text }: JoinedEvents): PublicEvent[] {
  if (text === null) return [];
  const parts = text.split(SEPARATOR);
  const events: PublicEvent[] = [];
  for (let at = 0; at < parts.length; at += PARTS) {
    const [id = '', type = '', moment = '', data = ''] = parts.slice(at, at + PARTS);
    events.push({ id, type, timestamp: timestampOf(moment), tenantId, data });
  }
  return events;
}

/**
 * PostgreSQL writes a moment sooner in its own way than after a pattern: to the microsecond, and without the zeros at its
 * end.
 */
function timestampOf(moment: string): string {
  const time = moment.length > 19 ? moment.slice(11, 23).padEnd(12, '0') : `${moment.slice(11)}.000`;
  return `${moment.slice(0, 10)}T${time}Z`;
}
