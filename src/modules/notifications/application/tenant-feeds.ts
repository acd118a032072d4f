import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { EventLog } from '#kernel/events/event-log';
import type { EventStream } from './event-stream.js';
import { EVENTS_A_READ, TenantFeed } from './tenant-feed.js';

const POLL_MS = 1_000;

/** The feeds of this replica: one for each tenant that has streams open here, and none for the others. */
@Injectable()
export class TenantFeeds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(TenantFeeds.name);
  private readonly feeds = new Map<TenantId, TenantFeed>();
  private stopListening: (() => void) | undefined;
  private poll: NodeJS.Timeout | undefined;
  private polling = false;

  constructor(
    private readonly eventLog: EventLog,
    private readonly committed: CommittedEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = this.committed.onGrowth((tenantIds) => this.wake(tenantIds));
    this.poll = setInterval(() => void this.wakeThoseBehind(), POLL_MS);
  }

  beforeApplicationShutdown(): void {
    this.stopListening?.();
    clearInterval(this.poll);
  }

  /** As `TenantFeed.join`; the first stream of a tenant starts its feed, and should have read to the end of the log. */
  join(stream: EventStream, after: number): boolean {
    const { tenantId } = stream;
    const feed = this.feeds.get(tenantId);
    if (feed) return feed.join(stream, after);
    const begun = this.begin(tenantId, after);
    this.feeds.set(tenantId, begun);
    begun.join(stream, after);
    begun.wake();
    return true;
  }

  leave(stream: EventStream): void {
    const feed = this.feeds.get(stream.tenantId);
    feed?.leave(stream);
    if (feed?.isIdle) this.feeds.delete(stream.tenantId);
  }

  private wake(tenantIds: readonly TenantId[]): void {
    for (const tenantId of tenantIds) this.feeds.get(tenantId)?.wake();
  }

  private begin(tenantId: TenantId, after: number): TenantFeed {
    return new TenantFeed(
      after,
      (place) => this.eventLog.page(tenantId, place, EVENTS_A_READ),
      (error) => this.log.warn(error, 'A feed stumbled and goes on at the next poll'),
    );
  }

  /** The net below the nudges, which can get lost: one question for all tenants. */
  private async wakeThoseBehind(): Promise<void> {
    if (this.polling || this.feeds.size === 0) return;
    this.polling = true;
    try {
      const heads = await this.eventLog.heads([...this.feeds.keys()]);
      for (const [tenantId, head] of heads) {
        const feed = this.feeds.get(tenantId);
        if (feed?.isBehind(head)) feed.wake();
      }
    } catch (error) {
      this.log.warn(error, 'The open streams cannot be polled for; the next poll tries again');
    } finally {
      this.polling = false;
    }
  }
}
