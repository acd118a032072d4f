/** Per generation, so at most twice as many are cached. */
const MAX_ENTRIES = 8_192;
/** How long a generation takes new entries. No entry is older than twice that. */
const GENERATION_MS = 2_500;

/**
 * Caches which incident a recently stored alert opened, so that a storm of duplicates does not query the database. Only for
 * alerts that do not recur, whose incident never changes. Entries expire within five seconds all the same, in case of a
 * failover to a database that has lost the last commits.
 *
 * Two generations, since deleting from the front of a Map is slow.
 */
export class AlertCache {
  private young = new Map<string, string>();
  private old = new Map<string, string>();
  private since = performance.now();

  incidentOf(key: string): string | undefined {
    this.age();
    return this.young.get(key) ?? this.old.get(key);
  }

  /** @param key of a committed alert */
  remember(key: string, incidentId: string): void {
    this.age();
    this.young.set(key, incidentId);
  }

  private age(): void {
    const now = performance.now();
    const age = now - this.since;
    if (age < GENERATION_MS && this.young.size < MAX_ENTRIES) return;
    const isAdjacent = age < 2 * GENERATION_MS;
    this.old = isAdjacent ? this.young : new Map<string, string>();
    this.young = new Map();
    this.since = isAdjacent ? Math.min(this.since + GENERATION_MS, now) : now;
  }
}
