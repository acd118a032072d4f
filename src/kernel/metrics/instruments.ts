/** A counter only increases. Callers keep a reference to it, so that counting is a single addition. */
export class Counter {
  private counted = 0;

  get count(): number {
    return this.counted;
  }

  add(more = 1): void {
    this.counted += more;
  }
}

/** Counts values in buckets. */
export class Histogram {
  private readonly counts: number[];
  private total = 0;

  /** @param bounds the upper bounds of the buckets, ascending; a bucket without a bound is added */
  constructor(private readonly bounds: readonly number[]) {
    this.counts = Array<number>(bounds.length + 1).fill(0);
  }

  get sum(): number {
    return this.total;
  }

  observe(value: number): void {
    let bucket = 0;
    while (value > (this.bounds[bucket] ?? Infinity)) bucket += 1;
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.total += value;
  }

  /** The number of values up to each bound; the last bound is Infinity. */
  cumulative(): { bound: number; count: number }[] {
    let count = 0;
    return this.counts.map((own, at) => ({ bound: this.bounds[at] ?? Infinity, count: (count += own) }));
  }
}
