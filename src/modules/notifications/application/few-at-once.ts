/** Lets a few pieces of work run at the same time. The others wait in lines, which take turns; in each the first goes first. */
export class FewAtOnce {
  /** Those with somebody waiting, in the order of their turns. */
  private readonly lines = new Map<string, (() => void)[]>();
  /** How many of each line run. */
  private readonly running = new Map<string, number>();
  private total = 0;

  /** @param mostOfALine of which no more run at once, also when nobody else wants to */
  constructor(
    private readonly most: number,
    private readonly mostOfALine = most,
  ) {}

  /** @param line whose work it is: much of one holds up no little of another */
  async run<T>(line: string, work: () => Promise<T>): Promise<T> {
    if (this.hasRoomFor(line)) this.begin(line);
    // Whoever lets it in has begun it.
    else await new Promise<void>((resolve) => this.wait(line, resolve));
    try {
      return await work();
    } finally {
      this.end(line);
      this.letIn();
    }
  }

  private hasRoomFor(line: string): boolean {
    return this.total < this.most && (this.running.get(line) ?? 0) < this.mostOfALine;
  }

  private begin(line: string): void {
    this.total += 1;
    this.running.set(line, (this.running.get(line) ?? 0) + 1);
  }

  private end(line: string): void {
    this.total -= 1;
    const left = (this.running.get(line) ?? 0) - 1;
    if (left > 0) this.running.set(line, left);
    else this.running.delete(line);
  }

  private wait(line: string, begin: () => void): void {
    const waiting = this.lines.get(line);
    if (waiting) waiting.push(begin);
    else this.lines.set(line, [begin]);
  }

  /** The one place that has become free goes to the line whose turn it is, of those that may have one more. */
  private letIn(): void {
    for (const [line, waiting] of this.lines) {
      if (!this.hasRoomFor(line)) continue;
      const next = waiting.shift();
      this.lines.delete(line);
      if (waiting.length > 0) this.lines.set(line, waiting);
      this.begin(line);
      next?.();
      return;
    }
  }
}
