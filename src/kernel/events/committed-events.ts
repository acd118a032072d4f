import { Injectable } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { OWN_DOING, runInContext } from '../tenancy/call-context.js';
import type { LoggedEvent } from './logged-event.js';

type Origin = 'this replica' | 'another replica';
type Listener = (tenantIds: readonly TenantId[], origin: Origin) => void;
/** `read` makes the events from what came; most tenants have nobody here who listens, and it is not called. */
type ArrivalListener = (tenantId: TenantId, read: () => readonly LoggedEvent[]) => void;

/**
 * Tells the relay, the open streams and the other replicas that a tenant's log has grown. Only a nudge: whoever misses
 * it finds the events at its next poll.
 */
@Injectable()
export class CommittedEvents {
  private readonly listeners = new Set<Listener>();
  private readonly arrivalListeners = new Set<ArrivalListener>();
  private grown = new Set<TenantId>();

  /** To be called after COMMIT. All that is announced in one turn of the event loop goes out together. */
  announce(tenantIds: Iterable<TenantId>): void {
    // Whoever listens goes on with it for long after the call that led here, and for other tenants too.
    if (this.grown.size === 0) runInContext(OWN_DOING, () => setImmediate(() => this.flush()));
    for (const tenantId of tenantIds) this.grown.add(tenantId);
  }

  /** Passes on what another replica announced. */
  heard(tenantIds: readonly TenantId[]): void {
    this.tell(tenantIds, 'another replica');
  }

  /** @returns a function that ends the subscription */
  onGrowth(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Passes on events themselves, which a bus brought: at least once, and perhaps not all of them. */
  arrived(tenantId: TenantId, read: () => readonly LoggedEvent[]): void {
    for (const listener of this.arrivalListeners) listener(tenantId, read);
  }

  /** @returns a function that ends the subscription */
  onArrival(listener: ArrivalListener): () => void {
    this.arrivalListeners.add(listener);
    return () => this.arrivalListeners.delete(listener);
  }

  private flush(): void {
    const tenantIds = [...this.grown];
    this.grown = new Set();
    this.tell(tenantIds, 'this replica');
  }

  private tell(tenantIds: readonly TenantId[], origin: Origin): void {
    for (const listener of this.listeners) listener(tenantIds, origin);
  }
}
