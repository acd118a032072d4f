/** Lets a few pieces of work run at the same time. The others wait in lines, which take turns; in each the first goes first. */
export class FewAtOnce {
  /** Those with somebody waiting, in the order of their turns. */
  private readonly lines = new Map<string, (() => void)[]>();
  private running = 0;

  constructor(private readonly most: number) {}

  /** @param line whose work it is: much of one holds up no little of another */
  async run<T>(line: string, work: () => Promise<T>): Promise<T> {
    if (this.running < this.most) this.running += 1;
    // Whoever is done hands its turn on, so `running` stays as it is.
    else await new Promise<void>((resolve) => this.wait(line, resolve));
    try {
      return await work();
    } finally {
      const next = this.next();
      if (next) next();
      else this.running -= 1;
    }
  }

  private wait(line: string, begin: () => void): void {
    const waiting = this.lines.get(line);
    if (waiting) waiting.push(begin);
    else this.lines.set(line, [begin]);
  }

  private next(): (() => void) | undefined {
    for (const [line, waiting] of this.lines) {
      const next = waiting.shift();
      this.lines.delete(line);
      if (waiting.length > 0) this.lines.set(line, waiting);
      return next;
    }
    return undefined;
  }
}
