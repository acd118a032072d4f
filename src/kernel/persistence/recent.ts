interface Entry<V> {
  /** While it is looked up. Not longer: a promise holds on to the call it was made in, with its request and its socket. */
  asked: Promise<V> | undefined;
  /** The answer itself, once it is there. */
  known?: V;
  /** On the process's own monotonic clock, in milliseconds. */
  until: number;
}

interface Options<V> {
  readonly seconds: number;
  /** How many answers are kept at most; the ones loaded longest ago go first. */
  readonly most: number;
  readonly load: (key: string) => Promise<V>;
  /** Milliseconds for which an answer may be kept, when that can be shorter than `seconds`. */
  readonly goodFor?: (answer: V) => number;
}

/**
 * Remembers answers for a few seconds, for questions that are asked thousands of times a second. Who asks while the
 * answer is being looked up shares that look-up, and "no" is remembered as well.
 */
export class Recent<V> {
  private readonly entries = new Map<string, Entry<V>>();

  constructor(private readonly options: Options<V>) {}

  get(key: string): Promise<V> {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.until <= performance.now()) return this.load(key);
    return entry.asked ?? Promise.resolve(entry.known as V);
  }

  /** What is remembered, without asking anybody; for paths on which even a promise is dear. */
  known(key: string): V | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && entry.until > performance.now() ? entry.known : undefined;
  }

  forget(key: string): void {
    this.entries.delete(key);
  }

  /** Forgets every answer that fits; for changes that know the answer and not the question. */
  forgetWhere(fits: (answer: V) => boolean): void {
    const forget = (key: string, answer: V): unknown => fits(answer) && this.entries.delete(key);
    for (const [key, { asked, known }] of this.entries) {
      if (asked) asked.then((answer) => forget(key, answer)).catch(() => undefined);
      else forget(key, known as V);
    }
  }

  private load(key: string): Promise<V> {
    const { seconds, most, load, goodFor } = this.options;
    const loaded = performance.now();
    const asked = load(key);
    const entry: Entry<V> = { asked, until: loaded + seconds * 1000 };
    // Taken out first, so that it goes to the end of the line.
    this.entries.delete(key);
    for (const oldest of this.entries.keys()) {
      if (this.entries.size < most) break;
      this.entries.delete(oldest);
    }
    this.entries.set(key, entry);
    asked.then(
      (answer) => {
        entry.known = answer;
        entry.asked = undefined;
        if (goodFor) entry.until = Math.min(entry.until, loaded + goodFor(answer));
      },
      () => {
        // A failure is nobody's answer but of those who waited for it.
        if (this.entries.get(key) === entry) this.entries.delete(key);
      },
    );
    return asked;
  }
}
