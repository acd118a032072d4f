import { AsyncLocalStorage } from 'node:async_hooks';
import type { TenantId } from '../domain/ids.js';

/** The cause of a piece of work: stored on every event that it records. */
export interface CallContext {
  /** The request id of the original call. */
  readonly correlationId: string | null;
  /** The user or API key that called, or null for the system itself. */
  readonly actor: string | null;
  /** Whose work it is, if it is one tenant's: that of the caller, the job or the delivery. */
  readonly tenantId?: TenantId | undefined;
  /** In a batch for several calls: the context of each incident, and of each tenant, by id. */
  readonly ofEach?: ReadonlyMap<string, CallContext>;
}

const storage = new AsyncLocalStorage<CallContext>();
/** The context of work that no call has caused. */
export const SYSTEM_CONTEXT: CallContext = { correlationId: null, actor: null };

/** @param tenantId and `incidentId` select the part of a batch for several calls */
export function callContext(tenantId?: TenantId, incidentId?: string | null): CallContext {
  const context = storage.getStore() ?? SYSTEM_CONTEXT;
  const { ofEach } = context;
  if (!ofEach) return context;
  return (incidentId && ofEach.get(incidentId)) || (tenantId && ofEach.get(tenantId)) || context;
}

export function runInContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}
