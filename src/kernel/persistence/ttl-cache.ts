interface Entry<V> {
  /** Only while it loads: a promise keeps the call that created it in memory, with its request and its socket. */
  pending: Promise<V> | undefined;
  value?: V;
  /** Milliseconds on the monotonic clock of the process. */
  expiresAt: number;
}

interface Options<V> {
  readonly ttlSeconds: number;
  /** The entries loaded longest ago are evicted first. */
  readonly maxEntries: number;
  readonly load: (key: string) => Promise<V>;
  /** Milliseconds for which a value may be kept, when that can be shorter than `ttlSeconds`. */
  readonly ttlMs?: (value: V) => number;
}

/**
 * Caches values for a few seconds, for look-ups that happen thousands of times a second. Concurrent calls for a key share one
 * load. Absent values (`undefined`) are cached too; failures are not.
 */
export class TtlCache<V> {
  private readonly entries = new Map<string, Entry<V>>();

  constructor(private readonly options: Options<V>) {}

  get(key: string): Promise<V> {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.expiresAt <= performance.now()) return this.load(key);
    return entry.pending ?? Promise.resolve(entry.value as V);
  }

  /** The cached value, without loading; for hot paths, where even a promise is expensive. */
  peek(key: string): V | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.expiresAt > performance.now() ? entry.value : undefined;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  /** Forgets all matching values; for callers that know the value and not its key. */
  forgetWhere(matches: (value: V) => boolean): void {
    const forget = (key: string, value: V): unknown => matches(value) && this.entries.delete(key);
    for (const [key, { pending, value }] of this.entries) {
      if (pending) pending.then((loaded) => forget(key, loaded)).catch(() => undefined);
      else forget(key, value as V);
    }
  }

  private load(key: string): Promise<V> {
    const { ttlSeconds, maxEntries, load, ttlMs } = this.options;
    const loadedAt = performance.now();
    const pending = load(key);
    const entry: Entry<V> = { pending, expiresAt: loadedAt + ttlSeconds * 1000 };
    // Deleted first, so that it moves to the end of the eviction order.
    this.entries.delete(key);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < maxEntries) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, entry);
    pending.then(
      (value) => {
        entry.value = value;
        entry.pending = undefined;
        if (ttlMs) entry.expiresAt = Math.min(entry.expiresAt, loadedAt + ttlMs(value));
      },
      () => {
        // Only the callers that waited see a failure.
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    return pending;
  }
}
