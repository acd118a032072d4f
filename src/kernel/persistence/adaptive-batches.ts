import { setTimeout as pause } from 'node:timers/promises';
import { isDataFault } from './database-errors.js';

export interface BatchOptions<Item, Result> {
  /** The most items one write takes. */
  readonly size: number;
  /** The most items that may wait; beyond it `add` refuses. */
  readonly queue: number;
  /** Writes that may be under way at the same time. */
  readonly slots: number;
  /** Items that would wait for each other in the database have the same number, so that they leave in the same batch. */
  readonly lane?: (item: Item) => number;
  /**
   * After a write that left less than a batch waiting a slot rests as long as that took, and this long at most: the more
   * there is to do, the more goes together. It does not rest without.
   */
  readonly longestRestMs?: number;
  /** Writes a batch and answers one result per item, in order; a promised one is waited for by its item alone. */
  readonly write: (items: readonly Item[]) => Promise<(Result | Promise<Result>)[]>;
}

interface Lane<Item, Result> {
  waiting: Waiting<Item, Result>[];
  /** How many batches have ended since its first item came to wait. */
  letPass: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * How many must wait for a further write, as a share of those that are being written: a commit costs the same for few as
 * for many, and the few would leave with the next one soon.
 */
const WORTH_ITS_COMMIT = 0.5;
/** The same for items whose own slot is busy: another batch of their lane may be what they would wait for. */
const WORTH_ANOTHER_SLOT = 1;

/**
 * Gathers single items into batches without adding a wait: whatever came in one turn of the event loop goes out at its
 * end when a slot is free and they are not few beside those under way, and otherwise joins the batch that leaves next.
 * Each slot has a lane of its own, and helps out in another one that has grown long; no lane lets more batches pass than
 * there are slots, so that many items of one hold up no few of another. A batch that fails by its data is
 * written again item by item, so that one bad item harms no other.
 */
export class AdaptiveBatches<Item, Result> {
  private readonly lanes: Lane<Item, Result>[];
  private readonly busy: boolean[];
  private waiting = 0;
  /** How many items are being written. */
  private underWay = 0;
  private scheduled = false;

  constructor(private readonly options: BatchOptions<Item, Result>) {
    this.lanes = Array.from({ length: options.slots }, () => ({ waiting: [], letPass: 0 }));
    this.busy = this.lanes.map(() => false);
  }

  /** @returns undefined when the queue is full */
  add(item: Item): Promise<Result> | undefined {
    if (this.waiting >= this.options.queue) return undefined;
    return new Promise((resolve, reject) => {
      const lane = (this.options.lane?.(item) ?? 0) % this.options.slots;
      this.lanes[lane]?.waiting.push({ item, resolve, reject });
      this.waiting += 1;
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || !this.busy.includes(false)) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      // All to their own lanes first, and only then to others'.
      this.lanes.forEach((own, slot) => {
        const hasWaitedEnough = own.letPass >= this.options.slots;
        this.start(slot, own, hasWaitedEnough ? 0 : WORTH_ITS_COMMIT);
      });
      for (const slot of this.lanes.keys()) this.start(slot, this.longest(), WORTH_ANOTHER_SLOT);
    });
  }

  private longest(): Lane<Item, Result> | undefined {
    return this.lanes.toSorted((a, b) => b.waiting.length - a.waiting.length)[0];
  }

  private start(slot: number, lane: Lane<Item, Result> | undefined, worth: number): void {
    const length = lane?.waiting.length ?? 0;
    if (lane === undefined || this.busy[slot] || length === 0 || length < this.underWay * worth) return;
    lane.letPass = 0;
    void this.flush(slot, lane.waiting.splice(0, this.options.size));
  }

  private async flush(slot: number, batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const { size, longestRestMs = 0 } = this.options;
    const begunAt = performance.now();
    this.busy[slot] = true;
    this.waiting -= batch.length;
    this.underWay += batch.length;
    try {
      await this.write(batch);
    } finally {
      this.underWay -= batch.length;
      if (longestRestMs > 0 && this.waiting < size)
        await pause(Math.min(performance.now() - begunAt, longestRestMs), undefined, { ref: false });
      this.busy[slot] = false;
      for (const lane of this.lanes) if (lane.waiting.length > 0) lane.letPass += 1;
      if (this.waiting > 0) this.schedule();
    }
  }

  private async write(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.options.write(batch.map(({ item }) => item));
      batch.forEach(({ resolve }, at) => resolve(results[at] as Result | Promise<Result>));
    } catch (error) {
      if (batch.length > 1 && isDataFault(error)) for (const single of batch) await this.write([single]);
      else for (const { reject } of batch) reject(error);
    }
  }
}
