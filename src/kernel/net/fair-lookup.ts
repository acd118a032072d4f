import type { LookupAddress } from 'node:dns';
import { ConcurrencyLimiter } from '../domain/concurrency-limiter.js';
import { callContext } from '../tenancy/call-context.js';

/** Resolves a name to all its addresses. */
export type Resolve = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void;

/** For the caller. The look-up itself cannot be cancelled, and holds its thread for as long as the resolver of the system waits. */
const TIMEOUT_MS = 10_000;
/** How long a name is not looked up again after it has timed out. */
const SILENCE_MS = 60_000;

/**
 * Lets each tenant look up one name at a time. getaddrinfo has two threads (half of UV_THREADPOOL_SIZE) for the whole process, and
 * names whose name server is silent would hold all of them.
 */
export class FairLookup {
  private readonly lookups = new ConcurrencyLimiter(Infinity, 1);
  /** By tenant and name. */
  private readonly pending = new Map<string, Promise<LookupAddress[]>>();

  constructor(
    private readonly lookup: (host: string) => Promise<LookupAddress[]>,
    private readonly timeoutMs = TIMEOUT_MS,
    private readonly silenceMs = SILENCE_MS,
  ) {}

  readonly resolve: Resolve = (host, done) => {
    const { tenantId } = callContext();
    // The operator chose the names that are looked up for nobody.
    const answer = tenantId === undefined ? this.lookup(host) : this.forTenant(tenantId, host);
    answer.then(
      (addresses) => {
        done(null, addresses);
      },
      (error: unknown) => {
        done(error as Error, []);
      },
    );
  };

  private forTenant(tenantId: string, host: string): Promise<LookupAddress[]> {
    const key = `${tenantId} ${host}`;
    const shared = this.pending.get(key);
    if (shared) return shared;
    let wasAsked = false;
    const late = new AbortController();
    const timer = setTimeout(() => {
      late.abort(timedOut(host));
    }, this.timeoutMs);
    const timeout = new Promise<never>((_, reject) => {
      late.signal.addEventListener('abort', () => {
        reject(late.signal.reason as Error);
      });
    });
    const looked = this.lookups.run(tenantId, async () => {
      // Nobody waits for it any more.
      late.signal.throwIfAborted();
      wasAsked = true;
      return this.lookup(host);
    });
    const answer = Promise.race([looked, timeout]);
    this.pending.set(key, answer);
    const forget = (): void => {
      clearTimeout(timer);
      // Whoever asks for the name in the meantime gets the same error, without a thread.
      if (wasAsked && late.signal.aborted) setTimeout(() => this.pending.delete(key), this.silenceMs).unref();
      else this.pending.delete(key);
    };
    looked.then(forget, forget);
    return answer;
  }
}

function timedOut(host: string): Error {
  return Object.assign(new Error(`The look-up of ${host} timed out`), { code: 'EAI_AGAIN' });
}
