import { Injectable } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';

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

/** Reads a tenant's log, in the order of the facts. */
@Injectable()
export class EventLog {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The next events after place `after`, at most `limit`. */
  async page(tenantId: TenantId, after: number, limit: number): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3`,
      [tenantId, after, limit],
    );
    return rows.map(loggedEvent);
  }

  /** The events about one incident, oldest first, after place `after`. */
  async ofIncident(
    tenantId: TenantId,
    incidentId: string,
    after: number,
    limit: number,
  ): Promise<LoggedEvent[]> {
    const rows = await this.unitOfWork.query<EventTableRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM events
        WHERE tenant_id = $1 AND incident_id = $2 AND seq > $3 ORDER BY seq LIMIT $4`,
      [tenantId, incidentId, after, limit],
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

  /** The place of an event by its id; undefined when this tenant's log has none by that id since `keptSince`. */
  async placeOf(tenantId: TenantId, eventId: string, keptSince: Date): Promise<number | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string }>(
      tenantId,
      `SELECT seq FROM events WHERE tenant_id = $1 AND id = $2 AND occurred_at >= $3`,
      [tenantId, eventId, keptSince],
    );
    return row && Number(row.seq);
  }

  /** The oldest event since `keptSince`. */
  async oldest(tenantId: TenantId, keptSince: Date): Promise<{ seq: number; id: string } | undefined> {
    const [row] = await this.unitOfWork.query<{ seq: string; id: string }>(
      tenantId,
      `SELECT seq, id FROM events WHERE tenant_id = $1 AND occurred_at >= $2 ORDER BY seq LIMIT 1`,
      [tenantId, keptSince],
    );
    return row && { seq: Number(row.seq), id: row.id };
  }
}

const COLUMNS = `seq, id, type, tenant_id, data::text AS data, incident_id, actor, correlation_id, occurred_at`;

interface EventTableRow {
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

function loggedEvent(row: EventTableRow): LoggedEvent {
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
