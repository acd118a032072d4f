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
   * the others. Items of one owner contend for the same locks, so they are written in the same batch where possible. Without it anyone
   * may take all of the queue.
   */
  readonly owner?: (item: Item) => string;
  /** Maximum concurrent writes. */
  readonly slots: number;
  /**
   * A slot sends a batch of at least this many items behind the one that it is writing, so that the database continues without waiting
   * for this process. Without it a slot waits until its write has ended.
   */
  readonly minBehind?: number;
  /**
   * A slot pauses after a write for as long as the write took, at most this long, unless a full batch is waiting: under load more
   * items share a batch. Without it a slot never pauses.
   */
  readonly maxRestMs?: number;
  /**
   * Writes a batch in a slot, counted from 0, and returns one result per item, in order. A result may be a promise, which only its item
   * waits for.
   */
  readonly write: (items: readonly Item[], slot: number) => Promise<(Result | Promise<Result>)[]>;
}

interface Slot<Item, Result> {
  readonly lane: Lane<Item, Result>;
  /** At most one, or two with `minBehind`. */
  writing: readonly Batch<Item, Result>[];
  resting: boolean;
}

interface Lane<Item, Result> {
  waiting: Waiting<Item, Result>[];
  /** Its items, waiting or being written. */
  items: number;
  /** Batches that have ended since its first item started to wait. */
  batchesSkipped: number;
}

/** Kept while it has items, so that all of them are in one lane. */
interface Owner<Item, Result> {
  readonly name: string;
  readonly lane: Lane<Item, Result>;
  /** Waiting or being written. */
  items: number;
  /** The room that its waiting items take. */
  taken: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly owner: Owner<Item, Result>;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (error: unknown) => void;
}

type Batch<Item, Result> = readonly Waiting<Item, Result>[];

/**
 * Items that must wait before another write starts, as a share of the items being written: a commit costs the same for few items as
 * for many, and few items soon go with the next batch.
 */
const MIN_SHARE = 0.5;
/** The same for items whose own slot is busy: they would probably wait for the locks of the batch in that slot. */
const MIN_SHARE_TO_HELP = 1;
/** The same for items behind a batch, as a share of that batch. */
const MIN_SHARE_BEHIND = 0.75;

/**
 * Batches single items without adding latency. The items of one turn of the event loop are written at its end if a slot is free and
 * they are enough beside the items being written; otherwise they join the next batch. With `minBehind` large batches are sent behind
 * the one being written.
 *
 * An owner without items joins the lane that has the fewest, since the slots are busy only while their lanes are equally long. Each
 * slot serves its own lane first, then the longest lane. A lane that has seen as many batches end as there are slots is
 * written even if it is short, so a busy lane does not starve a quiet one. A batch that fails because of its data is written again
 * item by item, so that one bad item does not fail the others.
 */
export class AdaptiveBatches<Item, Result> {
  private readonly slots: Slot<Item, Result>[];
  private waiting = 0;
  /** The room that waiting items take. */
  private taken = 0;
  private readonly owners = new Map<string, Owner<Item, Result>>();
  /** Items being written. */
  private beingWritten = 0;
  private scheduled = false;

  constructor(private readonly options: BatchOptions<Item, Result>) {
    this.slots = Array.from({ length: options.slots }, () => ({
      lane: { waiting: [], items: 0, batchesSkipped: 0 },
      writing: [],
      resting: false,
    }));
  }

  /** @returns undefined when the queue is full, or too full of items of the same owner */
  add(item: Item): Promise<Result> | undefined {
    const room = this.options.queue - this.taken;
    if (room <= 0) return undefined;
    const owner = this.ownerOf(item);
    if (this.options.owner && owner.taken >= room) return undefined;
    return new Promise((resolve, reject) => {
      const size = this.sizeOf(item);
      this.taken += size;
      owner.taken += size;
      owner.items += 1;
      owner.lane.items += 1;
      owner.lane.waiting.push({ item, owner, resolve, reject });
      this.waiting += 1;
      this.schedule();
    });
  }

  private sizeOf(item: Item): number {
    return this.options.weight?.(item) ?? 1;
  }

  private ownerOf(item: Item): Owner<Item, Result> {
    const name = this.options.owner?.(item) ?? '';
    const known = this.owners.get(name);
    if (known) return known;
    const lane = this.lanes().reduce((least, each) => (each.items < least.items ? each : least));
    const owner = { name, lane, items: 0, taken: 0 };
    this.owners.set(name, owner);
    return owner;
  }

  private release({ owner }: Waiting<Item, Result>): void {
    owner.items -= 1;
    owner.lane.items -= 1;
    if (owner.items === 0) this.owners.delete(owner.name);
  }

  private lanes(): Lane<Item, Result>[] {
    return this.slots.map(({ lane }) => lane);
  }

  private schedule(): void {
    if (this.scheduled || !this.slots.some((slot) => this.isReady(slot))) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      // Every slot serves its own lane before any slot helps another one.
      for (const slot of this.slots) this.start(slot, slot.lane, MIN_SHARE);
      for (const slot of this.slots) {
        if (slot.writing.length > 0) continue;
        const longest = this.lanes().reduce((a, b) => (b.waiting.length > a.waiting.length ? b : a));
        this.start(slot, longest, MIN_SHARE_TO_HELP);
      }
    });
  }

  /** Whether it is idle, or its lane has a batch that is large enough to be sent behind the one being written. */
  private isReady({ lane, writing, resting }: Slot<Item, Result>): boolean {
    const before = writing[0];
    if (!before) return !resting;
    const { minBehind } = this.options;
    return (
      minBehind !== undefined &&
      writing.length === 1 &&
      lane.waiting.length >= Math.max(minBehind, before.length * MIN_SHARE_BEHIND)
    );
  }

  private start(slot: Slot<Item, Result>, lane: Lane<Item, Result>, minShare: number): void {
    const { length } = lane.waiting;
    if (length === 0 || !this.isReady(slot)) return;
    const hasWaitedEnough = lane === slot.lane && lane.batchesSkipped >= this.options.slots;
    const isAhead = slot.writing.length === 0;
    if (isAhead && !hasWaitedEnough && length < this.beingWritten * minShare) return;
    lane.batchesSkipped = 0;
    void this.flush(slot, lane.waiting.splice(0, this.options.size));
  }

  private async flush(slot: Slot<Item, Result>, batch: Batch<Item, Result>): Promise<void> {
    const { size, maxRestMs = 0 } = this.options;
    const begunAt = performance.now();
    slot.writing = [...slot.writing, batch];
    this.waiting -= batch.length;
    for (const { item, owner } of batch) {
      const size = this.sizeOf(item);
      this.taken -= size;
      owner.taken -= size;
    }
    this.beingWritten += batch.length;
    try {
      await this.write(batch, this.slots.indexOf(slot));
    } finally {
      slot.writing = slot.writing.filter((each) => each !== batch);
      this.beingWritten -= batch.length;
      for (const each of batch) this.release(each);
      if (maxRestMs > 0 && this.waiting < size) {
        slot.resting = true;
        await pause(Math.min(performance.now() - begunAt, maxRestMs), undefined, { ref: false });
        slot.resting = false;
      }
      for (const { lane } of this.slots) if (lane.waiting.length > 0) lane.batchesSkipped += 1;
      if (this.waiting > 0) this.schedule();
    }
  }

  private async write(batch: Batch<Item, Result>, slot: number): Promise<void> {
    try {
      const results = await this.options.write(
        batch.map(({ item }) => item),
        slot,
      );
      batch.forEach(({ resolve }, at) => resolve(results[at] as Result | Promise<Result>));
    } catch (error) {
      if (batch.length > 1 && isDataFault(error))
        for (const single of batch) await this.write([single], slot);
      else for (const { reject } of batch) reject(error);
    }
  }
}
