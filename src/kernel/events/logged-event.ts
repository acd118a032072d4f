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
