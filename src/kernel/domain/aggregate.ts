import type { DomainEvent } from '../events/define-event.js';
import type { TenantId } from './ids.js';

/** A symbol, so that it is never part of a row or of JSON. */
const RECORDED = Symbol('recorded');

/**
 * State with an invariant. It is changed only by its methods, each of which checks the invariant, changes the state and records
 * an event. The store writes state and events in one transaction.
 */
export abstract class Aggregate {
  readonly tenantId!: TenantId;
  /** Only declared: rows are loaded without running the constructor. */
  declare private [RECORDED]: DomainEvent[] | undefined;

  protected record(event: DomainEvent): void {
    if (this[RECORDED]) this[RECORDED].push(event);
    else this[RECORDED] = [event];
  }

  /** Returns the events recorded since the last call, oldest first. */
  takeRecorded(): DomainEvent[] {
    const events = this[RECORDED] ?? [];
    this[RECORDED] = undefined;
    return events;
  }
}
