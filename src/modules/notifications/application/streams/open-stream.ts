import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { ConcurrencyLimiter } from '#kernel/domain/concurrency-limiter';
import { type EventPage, PublicEventLog } from '#kernel/events/public-event-log';
import type { Principal } from '#kernel/http/principal';
import type { EventFilter } from '../../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import type { StartPosition } from './find-position.js';
import type { StreamSink } from './stream-sink.js';
import { StreamSupervisor } from './stream-supervisor.js';
import { TenantFeeds } from './tenant-feeds.js';

/** While one page is being sent, the next one is already read. */
const EVENTS_PER_PAGE = 800;
/** When many subscribers reconnect at once, most of the connection pool stays free for other work; tenants take turns. */
const CONCURRENT_READS = 3;

interface Request {
  readonly caller: Principal;
  readonly filter: EventFilter;
  readonly start: StartPosition;
}

/** Opens a stream: first replays the missed events at the subscriber's own pace, then goes live without gap or repeat. */
@Injectable()
export class OpenStream {
  private readonly log = new Logger(OpenStream.name);
  private readonly reads = new ConcurrencyLimiter(CONCURRENT_READS);

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly publicEventLog: PublicEventLog,
    private readonly feeds: TenantFeeds,
    private readonly supervisor: StreamSupervisor,
  ) {}

  /** @returns the clean-up to run when the subscriber has disconnected */
  execute({ caller, filter, start }: Request, sink: StreamSink): () => void {
    const stream = new EventStream({ caller, filter, sink, bufferBytes: this.config.streamBufferBytes });
    stream.start(start);
    this.supervisor.add(stream);
    this.follow(stream, start).catch((error: unknown) => {
      if (!stream.isOver)
        this.log.warn(error, 'Event stream failed; its client resumes from its last event id');
      void stream.end();
    });
    return () => {
      if (stream.wasCutOff)
        this.log.log({ tenantId: caller.tenantId, caller: caller.id }, 'Slow event stream client cut off');
      stream.close();
      this.supervisor.remove(stream);
      this.feeds.leave(stream);
    };
  }

  private async follow(stream: EventStream, { after, needsReplay }: StartPosition): Promise<void> {
    let position = needsReplay ? await this.catchUp(stream, after) : after;
    // The feed may be ahead by more than it remembers; then one more page has to be read.
    while (!stream.isOver && !this.feeds.join(stream, position))
      position = await this.catchUp(stream, position);
  }

  /** Sends the log from a position to its end, page by page. @returns the position it reached */
  private async catchUp(stream: EventStream, from: number): Promise<number> {
    let limit = EVENTS_PER_PAGE;
    for (let page = await this.read(stream, from, limit); ;) {
      const { upTo, isLast, cutTo } = page;
      // Where events are large, reads as few as fit into a page instead of dropping the rest.
      limit = cutTo ?? Math.min(2 * limit, EVENTS_PER_PAGE);
      const next = isLast ? undefined : this.read(stream, upTo, limit);
      // A rejection is handled where `next` is awaited, which a slow subscriber delays.
      next?.catch(() => undefined);
      // Lets the query go out before this page is formatted.
      await turn();
      await stream.replay(page);
      if (!next || stream.isOver) return upTo;
      page = await next;
    }
  }

  private read({ tenantId, filter }: EventStream, after: number, limit: number): Promise<EventPage> {
    return this.reads.run(tenantId, () => this.publicEventLog.page(tenantId, filter, after, limit));
  }
}
