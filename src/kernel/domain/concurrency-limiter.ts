/** Runs a bounded number of tasks at once. The others wait in one FIFO queue per key; the queues are served round-robin. */
export class ConcurrencyLimiter {
  /** Queues that are not empty, in round-robin order. */
  private readonly queues = new Map<string, (() => void)[]>();
  /** Running tasks per key. */
  private readonly running = new Map<string, number>();
  private total = 0;

  /** @param maxPerKey holds even when no other key has tasks waiting */
  constructor(
    private readonly max: number,
    private readonly maxPerKey = max,
  ) {}

  /** @param key groups tasks, for example by tenant: a long queue of one key does not delay another key */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    if (this.hasCapacityFor(key)) this.begin(key);
    // Resolved by startNext(), which has counted the task as running already.
    else await new Promise<void>((resolve) => this.enqueue(key, resolve));
    try {
      return await task();
    } finally {
      this.end(key);
      this.startNext();
    }
  }

  private hasCapacityFor(key: string): boolean {
    return this.total < this.max && (this.running.get(key) ?? 0) < this.maxPerKey;
  }

  private begin(key: string): void {
    this.total += 1;
    this.running.set(key, (this.running.get(key) ?? 0) + 1);
  }

  private end(key: string): void {
    this.total -= 1;
    const left = (this.running.get(key) ?? 0) - 1;
    if (left > 0) this.running.set(key, left);
    else this.running.delete(key);
  }

  private enqueue(key: string, start: () => void): void {
    const queue = this.queues.get(key);
    if (queue) queue.push(start);
    else this.queues.set(key, [start]);
  }

  /** Gives the free slot to the first queue whose key is below its own limit, and moves that queue to the end. */
  private startNext(): void {
    for (const [key, queue] of this.queues) {
      if (!this.hasCapacityFor(key)) continue;
      const start = queue.shift();
      this.queues.delete(key);
      if (queue.length > 0) this.queues.set(key, queue);
      this.begin(key);
      start?.();
      return;
    }
  }
}
