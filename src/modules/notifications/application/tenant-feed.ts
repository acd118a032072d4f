import { setImmediate as turn } from 'node:timers/promises';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { told } from '#kernel/events/told-events';
import type { EventStream } from './event-stream.js';
import { framesOf } from './frames.js';
import { Listeners } from './listeners.js';

export const EVENTS_A_READ = 256;
/** Events can be large. So many characters of their data are passed on at once, and remembered, at most; and one event. */
const MOST_AT_ONCE = 1_048_576;
/** How long a bus that kept up so far may take to bring what another replica says is there. */
const BUS_MAY_TAKE_MS = 200;

/** Reads the tenant's log after a place: the next events of all kinds, at most `EVENTS_A_READ`. */
type ReadLog = (after: number) => Promise<readonly LoggedEvent[]>;

/**
 * Follows one tenant's log for all streams that are up to date: one reader, however many listen.
 *
 * Why nothing is lost or repeated: `position` moves in `passOn` alone, over events that follow each other without a gap,
 * and each of them goes to every stream that has joined. A stream joins at the place up to which it has everything, and
 * what the feed passed on beyond that place is sent to it in the same turn of the event loop, so nothing comes between.
 *
 * Where a bus brings the events themselves they need not be read. It is trusted as long as it keeps up: what it brings
 * twice is dropped, what it leaves out is read from the log, and when nothing comes of a nudge the log is read at every
 * nudge until the bus brings something again.
 */
export class TenantFeed {
  private readonly listeners = new Listeners();
  /** Streams that read further than the feed has; they join when it gets there. */
  private readonly early = new Map<EventStream, number>();
  /** The last events passed on, which are those after `recentAfter` up to `position`. */
  private recent: readonly LoggedEvent[] = [];
  private recentAfter: number;
  private woken = false;
  private reading = false;
  private busKeepsUp = false;
  /** Nudged since something was last passed on. */
  private nudged = false;
  private patience: NodeJS.Timeout | undefined;

  constructor(
    private position: number,
    private readonly readLog: ReadLog,
    private readonly failed: (error: unknown) => void,
  ) {
    this.recentAfter = position;
  }

  get isIdle(): boolean {
    return this.listeners.isEmpty && this.early.size === 0;
  }

  /**
   * @param after the place up to which the stream was sent everything it wants
   * @returns false when the feed is too far beyond that place: the stream has to read on from the log and ask again
   */
  join(stream: EventStream, after: number): boolean {
    if (after < this.recentAfter) return false;
    if (after > this.position) {
      this.early.set(stream, after);
      this.wake();
      return true;
    }
    this.admit(stream, after, this.recent);
    return true;
  }

  leave(stream: EventStream): void {
    this.early.delete(stream);
    this.listeners.remove(stream);
  }

  /** The log has grown, by what somebody says. */
  nudge(): void {
    if (!this.busKeepsUp) {
      this.wake();
      return;
    }
    this.nudged = true;
    this.patience ??= this.waitForBus();
  }

  /** A bus brought events of this log, in its order. */
  offer(events: readonly LoggedEvent[]): void {
    this.busKeepsUp = (events.at(-1)?.seq ?? 0) >= this.position;
    const fresh = events.filter(({ seq }) => seq > this.position);
    if (fresh.length === 0) return;
    if (fresh.every(({ seq }, n) => seq === this.position + 1 + n)) this.passOn(fresh);
    else this.wake();
  }

  /** Whether what it may have missed has to be asked for often. */
  get needsPolling(): boolean {
    return !this.busKeepsUp;
  }

  /** Reads on: the log may have grown. */
  wake(): void {
    this.woken = true;
    if (!this.reading) void this.read();
  }

  isBehind(head: number): boolean {
    return this.position < head;
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (this.woken && !this.isIdle) {
        this.woken = false;
        const events = await this.readLog(this.position);
        if (events.length === EVENTS_A_READ) this.woken = true;
        await this.passOnInPieces(events);
      }
    } catch (error) {
      this.failed(error);
    } finally {
      this.reading = false;
    }
  }

  /** Nearly always one. Between two of them readers can take what they were sent. */
  private async passOnInPieces(events: readonly LoggedEvent[]): Promise<void> {
    for (let from = 0; from < events.length;) {
      if (from > 0) await turn();
      const to = endOfPiece(events, from);
      // A bus may have brought some of them meanwhile.
      this.passOn(events.slice(from, to).filter(({ seq }) => seq > this.position));
      from = to;
    }
  }

  private waitForBus(): NodeJS.Timeout {
    const place = this.position;
    return setTimeout(() => {
      this.patience = undefined;
      if (this.position === place) {
        this.busKeepsUp = false;
        this.wake();
      } else if (this.nudged) this.patience = this.waitForBus();
    }, BUS_MAY_TAKE_MS);
  }

  private passOn(events: readonly LoggedEvent[]): void {
    const last = events.at(-1);
    if (!last) return;
    this.nudged = false;
    // A bus brings few at a time; enough of them are kept for a stream that has just read to the end of the log.
    const known = [...this.recent, ...events];
    this.recent = newest(known);
    if (this.recent.length < known.length)
      this.recentAfter = known.at(-this.recent.length - 1)?.seq ?? last.seq;
    this.position = last.seq;
    this.listeners.tell(events);
    for (const [stream, after] of this.early) {
      if (after > this.position) continue;
      this.early.delete(stream);
      // Not out of what is kept: a bus can bring more at once than that.
      this.admit(stream, after, events);
    }
  }

  /** @param events all those after its place, up to the position */
  private admit(stream: EventStream, after: number, events: readonly LoggedEvent[]): void {
    const missing = events.filter((event) => event.seq > after && stream.filter.lets(event));
    if (missing.length > 0) stream.send(framesOf(missing.map(told)));
    this.listeners.add(stream);
  }
}

function endOfPiece(events: readonly LoggedEvent[], from: number): number {
  let [to, size] = [from, 0];
  for (; to < events.length && size < MOST_AT_ONCE; to++) size += events[to]?.data.length ?? 0;
  return to;
}

/** The last ones of them, as far as there is room for them. */
function newest(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const oldest = Math.max(0, events.length - EVENTS_A_READ);
  let [from, size] = [events.length, 0];
  for (; from > oldest; from--) {
    size += events[from - 1]?.data.length ?? 0;
    if (size > MOST_AT_ONCE) break;
  }
  return events.slice(from);
}
