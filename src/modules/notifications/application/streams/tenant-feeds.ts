import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { EventLog, type LogPosition } from '#kernel/events/event-log';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { Outage } from '#kernel/log/outage';
import { batchedLookup } from '#kernel/persistence/batched-lookup';
import type { EventStream } from './event-stream.js';
import { EVENTS_PER_READ, TenantFeed } from './tenant-feed.js';

const POLL_MS = 1_000;
/** Every tenth poll checks all feeds, the others only those that no bus keeps up to date. */
const FULL_POLL_EVERY = 10;
/**
 * One query reads for at most 16 tenants, which bounds how long they wait for each other's events and the memory for a page
 * each. The pause between two queries makes each find more events, so that every stream is written to less often.
 */
const READS = { size: 16, slots: 1, maxRestMs: 5 };

/** The feeds of this replica: one for each tenant that has streams open on it. */
@Injectable()
export class TenantFeeds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(TenantFeeds.name);
  private readonly feeds = new Map<TenantId, TenantFeed>();
  private stopListening: (() => void)[] = [];
  private poll: NodeJS.Timeout | undefined;
  private polling = false;
  private readonly pollOutage = new Outage();
  private polls = 0;
  /** Batched across tenants: many logs grow at a time, each by little, and a query costs more than what it reads. */
  private readonly readAfter = batchedLookup<LogPosition, readonly LoggedEvent[]>(
    (positions) => this.eventLog.pages(positions, EVENTS_PER_READ),
    READS,
  );

  constructor(
    private readonly eventLog: EventLog,
    private readonly committed: CommittedEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = [
      this.committed.onGrowth((tenantIds) => {
        for (const tenantId of tenantIds) this.feeds.get(tenantId)?.logGrew();
      }),
      this.committed.onArrival((tenantId, read) => this.feeds.get(tenantId)?.receive(read())),
    ];
    this.poll = setInterval(() => void this.wakeLaggingFeeds(), POLL_MS);
  }

  beforeApplicationShutdown(): void {
    for (const stop of this.stopListening) stop();
    clearInterval(this.poll);
  }

  /** As `TenantFeed.join`. The first stream of a tenant starts its feed, and should have read to the end of the log. */
  join(stream: EventStream, after: number): boolean {
    const { tenantId } = stream;
    const feed = this.feeds.get(tenantId);
    if (feed) return feed.join(stream, after);
    const started = this.start(tenantId, after);
    this.feeds.set(tenantId, started);
    started.join(stream, after);
    started.wake();
    return true;
  }

  leave(stream: EventStream): void {
    const feed = this.feeds.get(stream.tenantId);
    feed?.leave(stream);
    if (feed?.isIdle) this.feeds.delete(stream.tenantId);
  }

  private start(tenantId: TenantId, after: number): TenantFeed {
    return new TenantFeed(
      after,
      (position) => this.readAfter({ tenantId, after: position }),
      (error) => this.log.warn(error, 'Event feed failed to read the log; it retries at the next poll'),
    );
  }

  /** The safety net for announcements that got lost: one query for all tenants. */
  private async wakeLaggingFeeds(): Promise<void> {
    const isFullPoll = ++this.polls % FULL_POLL_EVERY === 0;
    const polled = [...this.feeds]
      .filter(([, feed]) => isFullPoll || feed.needsPolling)
      .map(([tenantId]) => tenantId);
    if (this.polling || polled.length === 0) return;
    this.polling = true;
    try {
      const heads = await this.eventLog.heads(polled);
      this.pollOutage.succeeded();
      for (const [tenantId, head] of heads) {
        const feed = this.feeds.get(tenantId);
        if (feed?.isBehind(head)) feed.wake();
      }
    } catch (error) {
      this.pollOutage.failed(() =>
        this.log.warn(error, 'Cannot poll the event log for open streams; retrying'),
      );
    } finally {
      this.polling = false;
    }
  }
}
