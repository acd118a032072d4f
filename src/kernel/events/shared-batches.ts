import type { TenantId } from '../domain/ids.js';
import { type CallContext, OWN_DOING } from '../tenancy/call-context.js';
import type { DomainEvent } from './define-event.js';
import { incidentOf } from './event-row.js';

/** How many events tenants may bring along who share a batch. Whoever has more has one of her own. */
const EVENTS_TOGETHER = 32;

/** A tenant's events, in the order of her log. */
export type OfTenant = readonly [TenantId, DomainEvent[]];

/** Tenants with few events share a batch. */
export function shared(tenants: readonly OfTenant[]): OfTenant[][] {
  const batches: OfTenant[][] = [];
  let room = 0;
  for (const own of tenants) {
    const { length } = own[1];
    if (length > room) {
      batches.push([]);
      room = EVENTS_TOGETHER;
    }
    batches.at(-1)?.push(own);
    room -= length;
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
