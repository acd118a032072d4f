import type { TenantId } from '#kernel/domain/ids';
import type { EventPage } from '#kernel/events/public-event-log';
import type { Principal } from '#kernel/http/principal';
import type { EventFilter } from '../../domain/event-filter.js';
import type { StartPosition } from './find-position.js';
import { framesOf, PING_FRAME, RETRY_LINE, truncatedFrame } from './frames.js';
import type { StreamSink } from './stream-sink.js';

interface Options {
  readonly caller: Principal;
  readonly filter: EventFilter;
  readonly sink: StreamSink;
  /** Bytes that may be buffered for a subscriber before it is cut off. */
  readonly bufferBytes: number;
}

/** The open stream of one subscriber. A slow subscriber never costs more memory than its buffer and one chunk. */
export class EventStream {
  readonly caller: Principal;
  readonly filter: EventFilter;
  private readonly sink: StreamSink;
  private readonly bufferBytes: number;
  private sentAtLastPing = 0;
  private state: 'open' | 'ended' | 'cut off' | 'closed' = 'open';

  constructor({ caller, filter, sink, bufferBytes }: Options) {
    this.caller = caller;
    this.filter = filter;
    this.sink = sink;
    this.bufferBytes = bufferBytes;
  }

  get tenantId(): TenantId {
    return this.caller.tenantId;
  }

  get isOver(): boolean {
    return this.state !== 'open';
  }

  get wasCutOff(): boolean {
    return this.state === 'cut off';
  }

  start({ truncated }: StartPosition): void {
    this.sink.write(RETRY_LINE);
    if (truncated) this.sink.write(truncatedFrame(truncated.oldestEventId));
  }

  /** Sends whole frames to a live subscriber, or cuts it off when too much is buffered for it already. */
  send(frames: Buffer): void {
    if (this.isOver) return;
    if (this.sink.bufferedBytes > this.bufferBytes) this.cutOff();
    else this.sink.write(frames);
  }

  /** Sends a page of past events and then holds only its frames. @returns when there is room for the next page */
  replay({ events }: Pick<EventPage, 'events'>): Promise<void> {
    const frames = framesOf(events());
    if (frames.length > 0 && !this.isOver) this.sink.write(frames);
    return this.sink.drained();
  }

  /** Keeps the connection alive. A subscriber that has received nothing since the last ping is cut off. */
  ping(): void {
    if (this.isOver) return;
    const { sentBytes, bufferedBytes } = this.sink;
    if (bufferedBytes > 0 && sentBytes === this.sentAtLastPing) this.cutOff();
    else this.sink.write(PING_FRAME);
    this.sentAtLastPing = sentBytes;
  }

  /** Ends gracefully; the subscriber may reconnect with its last event id. Resolves when the response has ended. */
  async end(): Promise<void> {
    if (this.isOver) return;
    this.state = 'ended';
    await this.sink.end();
  }

  /** To be called when the subscriber has disconnected. */
  close(): void {
    if (!this.isOver) this.state = 'closed';
  }

  private cutOff(): void {
    this.state = 'cut off';
    this.sink.abort();
  }
}
