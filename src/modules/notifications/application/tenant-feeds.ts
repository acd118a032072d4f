import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { CommittedEvents } from '#kernel/events/committed-events';
import { EventLog, type PlaceInLog } from '#kernel/events/event-log';
import type { LoggedEvent } from '#kernel/events/logged-event';
import { Outage } from '#kernel/log/outage';
import { gathered } from '#kernel/persistence/gathered';
import type { EventStream } from './event-stream.js';
import { EVENTS_A_READ, TenantFeed } from './tenant-feed.js';

const POLL_MS = 1_000;
/** Of so many polls one asks for all feeds, the others for those that no bus keeps up to date. */
const POLLS_A_ROUND = 10;
/**
 * So many tenants at most wait for each other's events to be read, and share what memory a page each takes. Resting between
 * two reads they find more in each, and every stream is written to less often.
 */
const READS = { size: 16, slots: 1, longestRestMs: 5 };

/** The feeds of this replica: one for each tenant that has streams open here, and none for the others. */
@Injectable()
export class TenantFeeds implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly log = new Logger(TenantFeeds.name);
  private readonly feeds = new Map<TenantId, TenantFeed>();
  private stopListening: (() => void)[] = [];
  private poll: NodeJS.Timeout | undefined;
  private polling = false;
  private readonly blindness = new Outage();
  private polls = 0;
  /** Many tenants' logs grow at a time, and each by little: a question costs more than what it reads. */
  private readonly readOn = gathered<PlaceInLog, readonly LoggedEvent[]>(
    (places) => this.eventLog.pages(places, EVENTS_A_READ),
    READS,
  );

  constructor(
    private readonly eventLog: EventLog,
    private readonly committed: CommittedEvents,
  ) {}

  onApplicationBootstrap(): void {
    this.stopListening = [
      this.committed.onGrowth((tenantIds) => {
        for (const tenantId of tenantIds) this.feeds.get(tenantId)?.nudge();
      }),
      this.committed.onArrival((tenantId, read) => this.feeds.get(tenantId)?.offer(read())),
    ];
    this.poll = setInterval(() => void this.wakeThoseBehind(), POLL_MS);
  }

  beforeApplicationShutdown(): void {
    for (const stop of this.stopListening) stop();
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

  private begin(tenantId: TenantId, after: number): TenantFeed {
    return new TenantFeed(
      after,
      (place) => this.readOn({ tenantId, after: place }),
      (error) => this.log.warn(error, 'A feed stumbled and goes on at the next poll'),
    );
  }

  /** The net below the nudges, which can get lost: one question for all tenants. */
  private async wakeThoseBehind(): Promise<void> {
    const isRound = ++this.polls % POLLS_A_ROUND === 0;
    const asked = [...this.feeds]
      .filter(([, feed]) => isRound || feed.needsPolling)
      .map(([tenantId]) => tenantId);
    if (this.polling || asked.length === 0) return;
    this.polling = true;
    try {
      const heads = await this.eventLog.heads(asked);
      this.blindness.succeeded();
      for (const [tenantId, head] of heads) {
        const feed = this.feeds.get(tenantId);
        if (feed?.isBehind(head)) feed.wake();
      }
    } catch (error) {
      this.blindness.failed(() =>
        this.log.warn(error, 'The open streams cannot be polled for; it tries again until they can'),
      );
    } finally {
      this.polling = false;
    }
  }
}
