import { setImmediate as turn } from 'node:timers/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { type EventPage, ToldLog } from '#kernel/events/told-log';
import type { Principal } from '#kernel/http/principal';
import type { EventFilter } from '../domain/event-filter.js';
import { EventStream } from './event-stream.js';
import { FewAtOnce } from './few-at-once.js';
import type { Beginning } from './find-place.js';
import type { Outlet } from './outlet.js';
import { StreamKeeper } from './stream-keeper.js';
import { TenantFeeds } from './tenant-feeds.js';

/** One page is on its way to the reader and the next one at hand. */
const EVENTS_A_PAGE = 800;
/** Many readers coming back at once must leave most of the connection pool to everybody else; tenants take turns. */
const READS_AT_ONCE = 3;

interface Request {
  readonly caller: Principal;
  readonly filter: EventFilter;
  readonly beginning: Beginning;
}

/** Opens a stream: first what the reader missed, at the pace it reads, then live, with no gap and no repeat between. */
@Injectable()
export class OpenStream {
  private readonly log = new Logger(OpenStream.name);
  private readonly reads = new FewAtOnce(READS_AT_ONCE);

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly toldLog: ToldLog,
    private readonly feeds: TenantFeeds,
    private readonly keeper: StreamKeeper,
  ) {}

  /** @returns what to call once the reader has gone */
  execute({ caller, filter, beginning }: Request, outlet: Outlet): () => void {
    const stream = new EventStream({ caller, filter, outlet, bufferBytes: this.config.streamBufferBytes });
    stream.begin(beginning);
    this.keeper.add(stream);
    this.follow(stream, beginning).catch((error: unknown) => {
      if (!stream.isOver) this.log.warn(error, 'A stream ended early; its reader comes back by its last id');
      void stream.end();
    });
    return () => {
      if (stream.wasCutOff)
        this.log.log({ tenantId: caller.tenantId, caller: caller.id }, 'A reader was too slow');
      stream.close();
      this.keeper.remove(stream);
      this.feeds.leave(stream);
    };
  }

  private async follow(stream: EventStream, { after, inThePast }: Beginning): Promise<void> {
    let place = inThePast ? await this.catchUp(stream, after) : after;
    // The feed can be ahead of the place by more than it remembers; then there is one more page to read.
    while (!stream.isOver && !this.feeds.join(stream, place)) place = await this.catchUp(stream, place);
  }

  /** Sends the log from a place to its end, page by page. @returns the place it came to */
  private async catchUp(stream: EventStream, from: number): Promise<number> {
    let limit = EVENTS_A_PAGE;
    for (let page = await this.read(stream, from, limit); ;) {
      const { upTo, isLast, cutTo } = page;
      // Where events are large, as many are not read to be left out again.
      limit = cutTo ?? Math.min(2 * limit, EVENTS_A_PAGE);
      const next = isLast ? undefined : this.read(stream, upTo, limit);
      // Told of where it is awaited, which a slow reader puts off.
      next?.catch(() => undefined);
      // The question shall have left before this page is made into frames.
      await turn();
      await stream.replay(page);
      if (!next || stream.isOver) return upTo;
      page = await next;
    }
  }

  private read({ tenantId, filter }: EventStream, after: number, limit: number): Promise<EventPage> {
    return this.reads.run(tenantId, () => this.toldLog.choose(tenantId, filter, after, limit));
  }
}
