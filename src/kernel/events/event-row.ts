import { newId, type TenantId } from '../domain/ids.js';
import { callContext } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';

/** The input of `append_events` for one event. The log adds its sequence number and its time. */
export interface EventRow {
  readonly tenantId: TenantId;
  readonly id: string;
  readonly type: string;
  readonly data: object;
  readonly incidentId: string | null;
  readonly actor: string | null;
  readonly correlationId: string | null;
}

export function eventRows(tenantId: TenantId, events: readonly DomainEvent[]): EventRow[] {
  return events.map(({ type, data }) => {
    const incidentId = incidentOf(data);
    const { actor, correlationId } = callContext(tenantId, incidentId);
    return { tenantId, id: newId('evt'), type, data, incidentId, actor, correlationId };
  });
}

/** By convention an event about an incident has a field `incidentId`, by which timelines find it. */
export function incidentOf(data: object): string | null {
  return 'incidentId' in data && typeof data.incidentId === 'string' ? data.incidentId : null;
}
