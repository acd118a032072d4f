import type { TenantId } from '../domain/ids.js';
import { type CallContext, SYSTEM_CONTEXT } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';
import { incidentOf } from './event-row.js';

/** The tenants are limited because the failure of one costs all of them their transaction. */
const BATCH_LIMIT = { tenants: 32, events: 128 };

/** A tenant's events, in the order of its log. */
export type TenantEvents = readonly [TenantId, DomainEvent[]];

/** Tenants with few events share a batch. A tenant whose events exceed the limit gets a batch of its own. */
export function sharedBatches(tenants: readonly TenantEvents[]): TenantEvents[][] {
  const batches: TenantEvents[][] = [];
  let room = { tenants: 0, events: 0 };
  for (const tenant of tenants) {
    const { length } = tenant[1];
    if (room.tenants === 0 || length > room.events) {
      batches.push([]);
      room = { ...BATCH_LIMIT };
    }
    batches.at(-1)?.push(tenant);
    room.tenants -= 1;
    room.events -= length;
  }
  return batches;
}

/** The effects of a batch have the correlation id of the event about the same incident, or else of the tenant's first event. */
export function contextOf(events: readonly DomainEvent[]): CallContext {
  const [first] = events;
  if (first && events.length === 1) return { correlationId: first.correlationId, actor: null };
  const ofEach = new Map<string, CallContext>();
  for (const { tenantId, correlationId, data } of events) {
    const context = { correlationId, actor: null };
    for (const id of [incidentOf(data), tenantId])
      if (id !== null && !ofEach.has(id)) ofEach.set(id, context);
  }
  return { ...SYSTEM_CONTEXT, ofEach };
}
