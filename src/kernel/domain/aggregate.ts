import type { DomainEvent } from '../events/define-event.js';
import type { TenantId } from './ids.js';

// Beside the object and not in it: rows are brought back to life without running the constructor,
// so an aggregate has no private slot in which its recorded events could lie.
const recorded = new WeakMap<Aggregate, DomainEvent[]>();

/**
 * A cluster of state that one rule protects. It is changed by its verbs only, each of which checks the rule,
 * changes the state and records what happened; the store writes both in one transaction.
 */
export abstract class Aggregate {
  readonly tenantId!: TenantId;

  protected record(event: DomainEvent): void {
    const events = recorded.get(this);
    if (events) events.push(event);
    else recorded.set(this, [event]);
  }

  /** Hands over what was recorded since the last call, oldest first. */
  takeRecorded(): DomainEvent[] {
    const events = recorded.get(this) ?? [];
    recorded.delete(this);
    return events;
  }
}
