import { setImmediate as turn } from 'node:timers/promises';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { toPublicEvent } from '#kernel/events/public-events';
import { BusMonitor } from './bus-monitor.js';
import type { EventStream } from './event-stream.js';
import { framesOf } from './frames.js';
import { Listeners } from './listeners.js';

export const EVENTS_PER_READ = 256;
/** Events can be large: the most characters of event data dispatched in one chunk, or remembered; plus one event. */
const MAX_CHUNK_CHARS = 1_048_576;

/** Reads the tenant's log after a sequence number: the next events of all types, at most `EVENTS_PER_READ`. */
type ReadLog = (after: number) => Promise<readonly LoggedEvent[]>;

/**
 * Follows one tenant's log on behalf of all its live streams: one reader, however many subscribers.
 *
 * Why nothing is lost or repeated: `position` moves only in `dispatch`, over events without a gap between them, and each
 * of these goes to every stream that has joined. A stream joins at the position up to which it has everything. What the
 * feed has dispatched beyond that position is sent to it in the same turn of the event loop, so nothing comes in between.
 *
 * Where a bus delivers the events themselves, they need not be read. What the bus delivers twice is dropped, and what it
 * leaves out is read from the log. While it does not keep up, every announcement causes a read.
 */
export class TenantFeed {
  private readonly listeners = new Listeners();
  /** Streams that have read further than the feed; they join when it gets there. */
  private readonly ahead = new Map<EventStream, number>();
  /** The events dispatched last: those after `recentAfter`, up to `position`. */
  private recent: readonly LoggedEvent[] = [];
  private recentAfter: number;
  private readAgain = false;
  private reading = false;
  private readonly bus = new BusMonitor(() => this.wake());

  constructor(
    private position: number,
    private readonly readLog: ReadLog,
    private readonly onError: (error: unknown) => void,
  ) {
    this.recentAfter = position;
  }

  get isIdle(): boolean {
    return this.listeners.isEmpty && this.ahead.size === 0;
  }

  /**
   * @param after the position up to which the stream has received everything that matches its filter
   * @returns false when the feed is too far ahead of it: the stream has to read on from the log and join again
   */
  join(stream: EventStream, after: number): boolean {
    if (after < this.recentAfter) return false;
    if (after > this.position) {
      this.ahead.set(stream, after);
      this.wake();
      return true;
    }
    this.goLive(stream, after, this.recent);
    return true;
  }

  leave(stream: EventStream): void {
    this.ahead.delete(stream);
    this.listeners.remove(stream);
  }

  /** A replica has announced that the log has grown. */
  logGrew(): void {
    if (this.bus.keepsUp) this.bus.expectEvents();
    else this.wake();
  }

  /** The bus delivered events of this log, in order. */
  receive(events: readonly LoggedEvent[]): void {
    this.bus.keepsUp = (events.at(-1)?.seq ?? 0) >= this.position;
    const fresh = events.filter(({ seq }) => seq > this.position);
    if (fresh.length === 0) return;
    if (fresh.every(({ seq }, n) => seq === this.position + 1 + n)) this.dispatch(fresh);
    else this.wake();
  }

  /** Whether only frequent polling finds what an announcement missed. */
  get needsPolling(): boolean {
    return !this.bus.keepsUp;
  }

  /** Reads on: the log may have grown. */
  wake(): void {
    this.readAgain = true;
    if (!this.reading) void this.read();
  }

  isBehind(head: number): boolean {
    return this.position < head;
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (this.readAgain && !this.isIdle) {
        this.readAgain = false;
        const events = await this.readLog(this.position);
        if (events.length === EVENTS_PER_READ) this.readAgain = true;
        await this.dispatchInChunks(events);
      }
    } catch (error) {
      this.onError(error);
    } finally {
      this.reading = false;
    }
  }

  /** Nearly always a single chunk. Between two chunks the sockets get a turn to send. */
  private async dispatchInChunks(events: readonly LoggedEvent[]): Promise<void> {
    for (let from = 0; from < events.length;) {
      if (from > 0) await turn();
      const to = endOfChunk(events, from);
      // The bus may have delivered some of them meanwhile.
      this.dispatch(events.slice(from, to).filter(({ seq }) => seq > this.position));
      from = to;
    }
  }

  private dispatch(events: readonly LoggedEvent[]): void {
    const last = events.at(-1);
    if (!last) return;
    this.bus.dispatched();
    // A bus delivers few events at a time; enough are kept for a stream that has just read to the end of the log.
    const known = [...this.recent, ...events];
    this.recent = newest(known);
    if (this.recent.length < known.length)
      this.recentAfter = known.at(-this.recent.length - 1)?.seq ?? last.seq;
    this.position = last.seq;
    this.listeners.publish(events);
    for (const [stream, after] of this.ahead) {
      if (after > this.position) continue;
      this.ahead.delete(stream);
      // Not from `recent`: a bus can deliver more at once than is kept there.
      this.goLive(stream, after, events);
    }
  }

  /** @param events all events after the stream's position, up to the feed's */
  private goLive(stream: EventStream, after: number, events: readonly LoggedEvent[]): void {
    const missing = events.filter((event) => event.seq > after && stream.filter.matches(event));
    if (missing.length > 0) stream.send(framesOf(missing.map(toPublicEvent)));
    this.listeners.add(stream);
  }
}

function endOfChunk(events: readonly LoggedEvent[], from: number): number {
  let [to, size] = [from, 0];
  for (; to < events.length && size < MAX_CHUNK_CHARS; to++) size += events[to]?.data.length ?? 0;
  return to;
}

/** The last events, as many as may be remembered. */
function newest(events: readonly LoggedEvent[]): readonly LoggedEvent[] {
  const oldest = Math.max(0, events.length - EVENTS_PER_READ);
  let [from, size] = [events.length, 0];
  for (; from > oldest; from--) {
    size += events[from - 1]?.data.length ?? 0;
    if (size > MAX_CHUNK_CHARS) break;
  }
  return events.slice(from);
}
