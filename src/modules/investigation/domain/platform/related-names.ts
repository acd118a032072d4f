/**
 * Names of objects and of programs. Two are related if one is the other up to a hyphen: a deployment, its ReplicaSets and their pods, or a
 * program and its pods.
 */
export class RelatedNames {
  private readonly names: ReadonlySet<string>;
  /** By code units, so that all names that begin with the same text are neighbours. */
  private readonly sorted: readonly string[];

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
    this.sorted = [...this.names].sort();
  }

  /** The names that are related to this one, itself included. Its cost depends on how many there are, not on the others. */
  *of(name: string): Generator<string> {
    for (let end = name.length; end > 0; end = name.lastIndexOf('-', end - 1)) {
      const owner = name.slice(0, end);
      if (this.names.has(owner)) yield owner;
    }
    if (name === '') return;
    const start = `${name}-`;
    for (let at = this.firstFrom(start); this.sorted[at]?.startsWith(start); at += 1)
      yield this.sorted[at] ?? '';
  }

  has(name: string): boolean {
    return this.of(name).next().done !== true;
  }

  /** The index of the first name that is not before this text. */
  private firstFrom(text: string): number {
    let [low, high] = [0, this.sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
