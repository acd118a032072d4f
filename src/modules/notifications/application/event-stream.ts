import type { TenantId } from '#kernel/domain/ids';
import type { EventPage } from '#kernel/events/told-log';
import type { Principal } from '#kernel/http/principal';
import type { EventFilter } from '../domain/event-filter.js';
import type { Beginning } from './find-place.js';
import { framesOf, PING_FRAME, RETRY_LINE, truncatedFrame } from './frames.js';
import type { Outlet } from './outlet.js';

interface Parts {
  readonly caller: Principal;
  readonly filter: EventFilter;
  readonly outlet: Outlet;
  /** Bytes that may wait for a reader before it is cut off. */
  readonly bufferBytes: number;
}

/** One reader's open stream. It never holds more for a slow reader than its buffer and one chunk beyond. */
export class EventStream {
  readonly caller: Principal;
  readonly filter: EventFilter;
  private readonly outlet: Outlet;
  private readonly bufferBytes: number;
  private leftAtLastPing = 0;
  private state: 'open' | 'ended' | 'cut off' | 'left' = 'open';

  constructor({ caller, filter, outlet, bufferBytes }: Parts) {
    this.caller = caller;
    this.filter = filter;
    this.outlet = outlet;
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

  begin({ truncated }: Beginning): void {
    this.outlet.write(RETRY_LINE);
    if (truncated) this.outlet.write(truncatedFrame(truncated.oldestEventId));
  }

  /** Sends whole frames to a reader that follows live; one that has too many waiting is cut off. */
  send(frames: Buffer): void {
    if (this.isOver) return;
    if (this.outlet.waiting > this.bufferBytes) this.cutOff();
    else this.outlet.write(frames);
  }

  /** Sends events of the past, of which it then holds but the frames. @returns when there is room for more of them */
  replay({ events }: Pick<EventPage, 'events'>): Promise<void> {
    const frames = framesOf(events());
    if (frames.length > 0 && !this.isOver) this.outlet.write(frames);
    return this.outlet.drained();
  }

  /** Keeps the connection alive; a reader that took nothing since the last ping is cut off. */
  ping(): void {
    if (this.isOver) return;
    const { left, waiting } = this.outlet;
    if (waiting > 0 && left === this.leftAtLastPing) this.cutOff();
    else this.outlet.write(PING_FRAME);
    this.leftAtLastPing = left;
  }

  /** Ends in good order; the reader may come back with its last id. Resolves when it has been told. */
  async end(): Promise<void> {
    if (this.isOver) return;
    this.state = 'ended';
    await this.outlet.end();
  }

  /** Its reader went away. */
  close(): void {
    if (!this.isOver) this.state = 'left';
  }

  private cutOff(): void {
    this.state = 'cut off';
    this.outlet.cut();
  }
}
