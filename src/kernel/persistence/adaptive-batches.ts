import { setTimeout as pause } from 'node:timers/promises';
import { isDataFault } from './database-errors.js';

export interface BatchOptions<Item, Result> {
  /** Maximum items per batch. */
  readonly size: number;
  /** The room for waiting items; beyond it `add` refuses. */
  readonly queue: number;
  /** How much room an item takes; 1 if not given. */
  readonly weight?: (item: Item) => number;
  /**
   * Whose item it is. An owner may take as much room as there is left, so one alone takes half of the queue, and there is always some for
   * the others. Without it anyone may take all of it.
   */
  readonly owner?: (item: Item) => string;
  /** Maximum concurrent writes. */
  readonly slots: number;
  /** Items that contend for the same locks get the same number, so that they are written in the same batch. */
  readonly lane?: (item: Item) => number;
  /**
   * A slot pauses after a write for as long as the write took, at most this long, unless a full batch is waiting: under load more
   * items share a batch. Without it a slot never pauses.
   */
  readonly maxRestMs?: number;
  /** Writes a batch and returns one result per item, in order. A result may be a promise, which only its item waits for. */
  readonly write: (items: readonly Item[]) => Promise<(Result | Promise<Result>)[]>;
}

interface Lane<Item, Result> {
  waiting: Waiting<Item, Result>[];
  /** Batches that have ended since its first item started to wait. */
  batchesSkipped: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Items that must wait before another write starts, as a share of the items being written: a commit costs the same for few items as
 * for many, and few items soon go with the next batch.
 */
const MIN_SHARE = 0.5;
/** The same for items whose own slot is busy: they would probably wait for the locks of the batch in that slot. */
const MIN_SHARE_TO_HELP = 1;

/**
 * Batches single items without adding latency. The items of one turn of the event loop are written at its end if a slot is free and
 * they are enough beside the items being written; otherwise they join the next batch.
 *
 * Each slot serves its own lane first, then the longest lane. A lane that has seen as many batches end as there are slots is
 * written even if it is short, so a busy lane does not starve a quiet one. A batch that fails because of its data is written again
 * item by item, so that one bad item does not fail the others.
 */
export class AdaptiveBatches<Item, Result> {
  private readonly lanes: Lane<Item, Result>[];
  private readonly busy: boolean[];
  private waiting = 0;
  /** The room that waiting items take: of all, and of each owner. */
  private taken = 0;
  private readonly takenBy = new Map<string, number>();
  /** Items being written. */
  private beingWritten = 0;
  private scheduled = false;

  constructor(private readonly options: BatchOptions<Item, Result>) {
    this.lanes = Array.from({ length: options.slots }, () => ({ waiting: [], batchesSkipped: 0 }));
    this.busy = this.lanes.map(() => false);
  }

  /** @returns undefined when the queue is full, or too full of items of the same owner */
  add(item: Item): Promise<Result> | undefined {
    if (!this.takeRoom(item)) return undefined;
    return new Promise((resolve, reject) => {
      const lane = (this.options.lane?.(item) ?? 0) % this.options.slots;
      this.lanes[lane]?.waiting.push({ item, resolve, reject });
      this.waiting += 1;
      this.schedule();
    });
  }

  private takeRoom(item: Item): boolean {
    const { queue, weight, owner } = this.options;
    const room = queue - this.taken;
    if (room <= 0) return false;
    const needed = weight?.(item) ?? 1;
    if (owner) {
      const name = owner(item);
      const taken = this.takenBy.get(name) ?? 0;
      if (taken >= room) return false;
      this.takenBy.set(name, taken + needed);
    }
    this.taken += needed;
    return true;
  }

  private leaveRoom(item: Item): void {
    const { weight, owner } = this.options;
    const freed = weight?.(item) ?? 1;
    this.taken -= freed;
    if (!owner) return;
    const name = owner(item);
    const left = (this.takenBy.get(name) ?? 0) - freed;
    if (left > 0) this.takenBy.set(name, left);
    else this.takenBy.delete(name);
  }

  private schedule(): void {
    if (this.scheduled || !this.busy.includes(false)) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      // Every slot serves its own lane before any slot helps another one.
      this.lanes.forEach((own, slot) => {
        const hasWaitedEnough = own.batchesSkipped >= this.options.slots;
        this.start(slot, own, hasWaitedEnough ? 0 : MIN_SHARE);
      });
      for (const slot of this.lanes.keys()) this.start(slot, this.longest(), MIN_SHARE_TO_HELP);
    });
  }

  private longest(): Lane<Item, Result> | undefined {
    return this.lanes.toSorted((a, b) => b.waiting.length - a.waiting.length)[0];
  }

  private start(slot: number, lane: Lane<Item, Result> | undefined, minShare: number): void {
    const length = lane?.waiting.length ?? 0;
    if (lane === undefined || this.busy[slot] || length === 0 || length < this.beingWritten * minShare)
      return;
    lane.batchesSkipped = 0;
    void this.flush(slot, lane.waiting.splice(0, this.options.size));
  }

  private async flush(slot: number, batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const { size, maxRestMs = 0 } = this.options;
    const begunAt = performance.now();
    this.busy[slot] = true;
    this.waiting -= batch.length;
    for (const { item } of batch) this.leaveRoom(item);
    this.beingWritten += batch.length;
    try {
      await this.write(batch);
    } finally {
      this.beingWritten -= batch.length;
      if (maxRestMs > 0 && this.waiting < size)
        await pause(Math.min(performance.now() - begunAt, maxRestMs), undefined, { ref: false });
      this.busy[slot] = false;
      for (const lane of this.lanes) if (lane.waiting.length > 0) lane.batchesSkipped += 1;
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
