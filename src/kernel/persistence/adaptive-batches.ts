import { isDataFault } from './database-errors.js';

interface Options<Item, Result> {
  /** The most items one write takes. */
  readonly size: number;
  /** The most items that may wait; beyond it `add` refuses. */
  readonly queue: number;
  /** Writes that may be under way at the same time. */
  readonly slots: number;
  /** Writes a batch and answers one result per item, in order. */
  readonly write: (items: readonly Item[]) => Promise<Result[]>;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * How many must wait for a further write, as a share of those that are being written: a commit costs the same for few as
 * for many, and the few would leave with the next one soon.
 */
const WORTH_ITS_COMMIT = 0.5;

/**
 * Gathers single items into batches without adding a wait: whatever came in one turn of the event loop goes out at its
 * end when a slot is free and they are not few beside those under way, and otherwise joins the batch that leaves next. A batch that fails by its data is written again
 * item by item, so that one bad item harms no other.
 */
export class AdaptiveBatches<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private busy = 0;
  /** How many items are being written. */
  private underWay = 0;
  private scheduled = false;

  constructor(private readonly options: Options<Item, Result>) {}

  /** @returns undefined when the queue is full */
  add(item: Item): Promise<Result> | undefined {
    if (this.waiting.length >= this.options.queue) return undefined;
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, resolve, reject });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.busy >= this.options.slots) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      while (this.isWorthAWrite()) void this.flush(this.waiting.splice(0, this.options.size));
    });
  }

  private isWorthAWrite(): boolean {
    const { length } = this.waiting;
    return this.busy < this.options.slots && length > 0 && length >= this.underWay * WORTH_ITS_COMMIT;
  }

  private async flush(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.busy += 1;
    this.underWay += batch.length;
    try {
      await this.write(batch);
    } finally {
      this.busy -= 1;
      this.underWay -= batch.length;
      if (this.waiting.length > 0) this.schedule();
    }
  }

  private async write(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.options.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, at) => resolve(results[at] as Result));
    } catch (error) {
      if (batch.length > 1 && isDataFault(error)) for (const single of batch) await this.write([single]);
      else for (const { reject } of batch) reject(error);
    }
  }
}
