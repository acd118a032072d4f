import type { TenantId } from '../domain/ids.js';

/** One event as the log holds it. `data` is the JSON text that was stored, so that nobody has to parse it to pass it on. */
export interface LoggedEvent {
  readonly seq: number;
  readonly id: string;
  readonly type: string;
  readonly tenantId: TenantId;
  readonly data: string;
  readonly incidentId: string | null;
  readonly actor: string | null;
  readonly correlationId: string | null;
  readonly occurredAt: Date;
}

export const EVENT_COLUMNS = `seq, id, type, tenant_id, data::text AS data, incident_id, actor, correlation_id, occurred_at`;

/** What a query for `EVENT_COLUMNS` answers. */
export interface EventTableRow {
  readonly seq: string;
  readonly id: string;
  readonly type: string;
  readonly tenant_id: TenantId;
  readonly data: string;
  readonly incident_id: string | null;
  readonly actor: string | null;
  readonly correlation_id: string | null;
  readonly occurred_at: Date;
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
