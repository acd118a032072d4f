import type { TenantId } from '../domain/ids.js';
import { type CallContext, OWN_DOING } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';
import { incidentOf } from './event-row.js';

/** So many tenants may share a batch, since who fails costs all of them a transaction, and so many events in all. */
const TOGETHER = { tenants: 32, events: 128 };

/** A tenant's events, in the order of her log. */
export type OfTenant = readonly [TenantId, DomainEvent[]];

/** Tenants with few events share a batch; whoever has more than go into one has one of her own. */
export function shared(tenants: readonly OfTenant[]): OfTenant[][] {
  const batches: OfTenant[][] = [];
  let room = { tenants: 0, events: 0 };
  for (const own of tenants) {
    const { length } = own[1];
    if (room.tenants === 0 || length > room.events) {
      batches.push([]);
      room = { ...TOGETHER };
    }
    batches.at(-1)?.push(own);
    room.tenants -= 1;
    room.events -= length;
  }
  return batches;
}

/** What comes of a batch goes back to what the event about the same incident does, or else the tenant's first. */
export function contextOf(events: readonly DomainEvent[]): CallContext {
  const [first] = events;
  if (first && events.length === 1) return { correlationId: first.correlationId, actor: null };
  const ofEach = new Map<string, CallContext>();
  for (const { tenantId, correlationId, data } of events) {
    const context = { correlationId, actor: null };
    for (const id of [incidentOf(data), tenantId])
      if (id !== null && !ofEach.has(id)) ofEach.set(id, context);
  }
  return { ...OWN_DOING, ofEach };
}
