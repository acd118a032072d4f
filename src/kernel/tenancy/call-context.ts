import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenantId } from '../domain/ids.js';

/** Who and what a piece of work goes back to: stored on every event that comes of it. */
export interface CallContext {
  /** The request id of the call that led here. */
  readonly correlationId: string | null;
  /** The user or API key that called, or null for the system's own doing. */
  readonly actor: string | null;
  /** In work for several calls at once: what the part of each incident, and of each tenant, goes back to. By their ids. */
  readonly ofEach?: ReadonlyMap<string, CallContext>;
}

const storage = new AsyncLocalStorage<CallContext>();
/** Of what the system does by itself. */
export const SYSTEM_CONTEXT: CallContext = { correlationId: null, actor: null };

/** @param tenantId and `incidentId`: whose part of the work it is, where that may be for several calls */
export function callContext(tenantId?: TenantId, incidentId?: string | null): CallContext {
  const context = storage.getStore() ?? SYSTEM_CONTEXT;
  const { ofEach } = context;
  if (!ofEach) return context;
  return (incidentId && ofEach.get(incidentId)) || (tenantId && ofEach.get(tenantId)) || context;
}

export function runInContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}
