import { AsyncLocalStorage } from 'node:async_hooks';

/** Who and what a piece of work goes back to: stored on every event that comes of it. */
export interface CallContext {
  /** The request id of the call that led here. */
  readonly correlationId: string | null;
  /** The user or API key that called, or null for the system's own doing. */
  readonly actor: string | null;
}

const storage = new AsyncLocalStorage<CallContext>();
/** Of what the system does by itself. */
export const OWN_DOING: CallContext = { correlationId: null, actor: null };

export function callContext(): CallContext {
  return storage.getStore() ?? OWN_DOING;
}

export function runInContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}
