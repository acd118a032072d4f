import { newId, type TenantId } from '../domain/ids.js';
import { callContext } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';

/** What `append_events` takes for one event. The log gives it its place and its time. */
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

/** A convention of the catalogue: an event about an incident names it `incidentId`, which is how timelines find it. */
export function incidentOf(data: object): string | null {
  return 'incidentId' in data && typeof data.incidentId === 'string' ? data.incidentId : null;
}
