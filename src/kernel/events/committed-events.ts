import { Injectable } from '@nestjs/common';
import type { TenantId } from '../domain/ids.js';
import { SYSTEM_CONTEXT, runInContext } from '../tenancy/call-context.js';
import type { LoggedEvent } from './logged-event.js';

type Origin = 'this replica' | 'another replica';
type Listener = (tenantIds: readonly TenantId[], origin: Origin) => void;
/** `read` parses the events; it is not called for the many tenants without a listener on this replica. */
type ArrivalListener = (tenantId: TenantId, read: () => readonly LoggedEvent[]) => void;

/**
 * Notifies the relay, the open streams and the other replicas that a tenant's log has grown. A notification can get lost: every
 * listener also polls.
 */
@Injectable()
export class CommittedEvents {
  private readonly listeners = new Set<Listener>();
  private readonly arrivalListeners = new Set<ArrivalListener>();
  private grown = new Set<TenantId>();

  /** To be called after COMMIT. Announcements of one turn of the event loop go out together. */
  announce(tenantIds: Iterable<TenantId>): void {
    // Listeners must not inherit the context of the current call: their work outlives it and serves other tenants too.
    if (this.grown.size === 0) runInContext(SYSTEM_CONTEXT, () => setImmediate(() => this.flush()));
    for (const tenantId of tenantIds) this.grown.add(tenantId);
  }

  /** Passes on an announcement of another replica. */
  announceRemote(tenantIds: readonly TenantId[]): void {
    this.notify(tenantIds, 'another replica');
  }

  /** @returns a function that ends the subscription */
  onGrowth(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Passes on events that a message bus delivered: at least once, possibly with gaps. */
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
    this.notify(tenantIds, 'this replica');
  }

  private notify(tenantIds: readonly TenantId[], origin: Origin): void {
    for (const listener of this.listeners) listener(tenantIds, origin);
  }
}
