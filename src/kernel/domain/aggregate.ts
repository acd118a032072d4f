import type { DomainEvent } from '../events/define-event.js';
import type { TenantId } from './ids.js';

/** Under a symbol, so that neither a row nor a JSON text of an aggregate ever holds it. */
const RECORDED = Symbol('recorded');

/**
 * A cluster of state that one rule protects. It is changed by its verbs only, each of which checks the rule,
 * changes the state and records what happened; the store writes both in one transaction.
 */
export abstract class Aggregate {
  readonly tenantId!: TenantId;
  /** Only declared: rows are brought back to life without running the constructor. */
  declare private [RECORDED]: DomainEvent[] | undefined;

  protected record(event: DomainEvent): void {
    if (this[RECORDED]) this[RECORDED].push(event);
    else this[RECORDED] = [event];
  }

  /** Hands over what was recorded since the last call, oldest first. */
  takeRecorded(): DomainEvent[] {
    const events = this[RECORDED] ?? [];
    this[RECORDED] = undefined;
    return events;
  }
}
