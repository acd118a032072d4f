/** Of each generation, so that twice as many are remembered at most. */
const MOST = 8_192;
/** For how long a generation takes alerts in; no answer is older than twice that. */
const GENERATION_MS = 2_500;

/**
 * Which incident a stored alert opened, of the alerts that the database has just told of, so that a storm of repeats need
 * not ask it about each of them. For alerts that never return only: theirs holds for good. It is forgotten within five
 * seconds all the same, in case another database takes over that has lost the last commits.
 *
 * In two generations, since a Map that is emptied from its front is slow.
 */
export class KnownAlerts {
  private young = new Map<string, string>();
  private old = new Map<string, string>();
  private since = performance.now();

  incidentOf(key: string): string | undefined {
    this.age();
    return this.young.get(key) ?? this.old.get(key);
  }

  /** @param key of an alert whose row is committed */
  remember(key: string, incidentId: string): void {
    this.age();
    this.young.set(key, incidentId);
  }

  private age(): void {
    const now = performance.now();
    const age = now - this.since;
    if (age < GENERATION_MS && this.young.size < MOST) return;
    const isNext = age < 2 * GENERATION_MS;
    this.old = isNext ? this.young : new Map<string, string>();
    this.young = new Map();
    this.since = isNext ? Math.min(this.since + GENERATION_MS, now) : now;
  }
}
