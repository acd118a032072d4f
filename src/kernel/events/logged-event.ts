import type { TenantId } from '../domain/ids.js';

/** One event as stored in the log. `data` is the stored JSON text, which is passed on without being parsed. */
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

/** A row of `EVENT_COLUMNS`. */
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
