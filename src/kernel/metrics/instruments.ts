/** Only ever grows. Whoever counts holds on to it, so that counting is an addition and nothing more. */
export class Counter {
  private counted = 0;

  get count(): number {
    return this.counted;
  }

  add(more = 1): void {
    this.counted += more;
  }
}

/** Counts values by size. */
export class Histogram {
  private readonly counts: number[];
  private total = 0;

  /** @param bounds the upper ends of the buckets, ascending; a last one without an end is added */
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

  /** How many values were at most as large as each bound, the last of which is Infinity. */
  cumulative(): { bound: number; count: number }[] {
    let count = 0;
    return this.counts.map((own, at) => ({ bound: this.bounds[at] ?? Infinity, count: (count += own) }));
  }
}
