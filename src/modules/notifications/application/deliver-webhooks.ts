import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { Id } from '#kernel/domain/ids';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { placeIn } from '#kernel/events/event-id';
import { EventLog } from '#kernel/events/event-log';
import { told, type ToldEvent } from '#kernel/events/told-events';
import { ToldLog } from '#kernel/events/told-log';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { eventsNamed } from '../domain/event-names.js';
import { type SubscriptionKey, WebhookDeliveries } from '../domain/webhook-deliveries.js';
import {
  type Attempt,
  attempted,
  isGone,
  newDelivery,
  outlived,
  type WebhookDelivery,
} from '../domain/webhook-delivery.js';
import type { WebhookSubscription } from '../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../domain/webhook-subscriptions.js';
import { envelopeOf } from './frames.js';
import { SendWebhook } from './send-webhook.js';

/** What a courier takes along. It is sent again after a crash, so it is not much. */
const NEWS = 32;
const RETRIES = 16;
/** After so long a courier begins no more: with a last attempt that hangs he is back before he is given up. */
const LONGEST_TRIP_MS = 5_000;
/** From what nobody notices to what has piled up for days. */
const DELAYS_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86_400];

/** An event to be sent, and for how long it has been due. */
interface Letter {
  readonly delivery: WebhookDelivery;
  /** Undefined when the log does not hold it any more. */
  readonly event: ToldEvent | undefined;
  readonly dueSince: number;
}

interface Bag {
  /** New events, in the order of the log, and the place up to which they are all that are wanted. */
  readonly news: readonly Letter[];
  readonly upTo: number;
  /** Those to be tried again, the longest due first. */
  readonly owed: readonly Letter[];
}

/** What a courier has done: how many of the news, and all that became of anything. */
interface Trip {
  newsSent: number;
  readonly deliveries: WebhookDelivery[];
  readonly attempts: Attempt[];
}

/**
 * A courier's trip: takes along what is due to one subscription, sends it piece by piece outside of any transaction, and
 * writes down what came of it together with how far the subscription has got. Whoever dies on the way has written nothing,
 * and the next one sends the same again, under the same ids.
 */
@Injectable()
export class DeliverWebhooks {
  private readonly log = new Logger(DeliverWebhooks.name);
  private readonly succeeded: Counter;
  private readonly failed: Counter;
  private readonly delay: Histogram;

  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly deliveries: WebhookDeliveries,
    private readonly sendWebhook: SendWebhook,
    private readonly toldLog: ToldLog,
    private readonly eventLog: EventLog,
    private readonly catalogue: EventCatalogue,
    private readonly clock: Clock,
    metrics: Metrics,
  ) {
    const count = (outcome: string): Counter =>
      metrics.counter('causeflow_webhook_attempts', 'Attempts to send an event to a subscription', {
        outcome,
      });
    this.succeeded = count('succeeded');
    this.failed = count('failed');
    this.delay = metrics.histogram(
      'causeflow_webhook_delay_seconds',
      'From an event to the end of the first attempt to send it to a subscription',
      DELAYS_SECONDS,
    );
  }

  /** @returns false when there was nobody to go for: disabled, deleted, or another courier is out */
  async execute({ tenantId, subscriptionId }: SubscriptionKey, stopping: AbortSignal): Promise<boolean> {
    const courier = randomUUID();
    const subscription = await unlessGone(
      this.subscriptions.change(tenantId, subscriptionId, (found) =>
        found.sendOut(courier, this.clock.now()) ? found : undefined,
      ),
    );
    if (!subscription) return false;
    const bag = await this.pack(subscription);
    const trip = await this.walk(subscription, bag, stopping);
    await unlessGone(this.writeDown(subscription, bag, trip, courier));
    return true;
  }

  private async pack(subscription: WebhookSubscription): Promise<Bag> {
    const { tenantId, place, nextRetryAt } = subscription;
    const now = this.clock.now();
    const types = eventsNamed(subscription.events, this.catalogue.publishedTypes);
    const page = await this.toldLog.choose(tenantId, { types }, place, NEWS);
    const isAnyOwed = nextRetryAt !== null && nextRetryAt <= now;
    const owed = isAnyOwed ? await this.deliveries.due(subscription, now, RETRIES) : [];
    const kept = await this.eventLog.at(
      tenantId,
      owed.map(({ seq }) => seq),
    );
    const events = new Map(kept.map((event) => [event.seq, told(event)]));
    return {
      news: page.events().map((event) => letterOf(event, now)),
      upTo: page.upTo,
      owed: owed.map((delivery) => ({
        delivery,
        event: events.get(delivery.seq),
        dueSince: delivery.nextAttemptAt?.getTime() ?? 0,
      })),
    };
  }

  /** What has been due for the longest goes first, so that neither news nor retries wait for all of the others. */
  private async walk(
    subscription: WebhookSubscription,
    { news, owed }: Bag,
    stopping: AbortSignal,
  ): Promise<Trip> {
    const trip: Trip = { newsSent: 0, deliveries: [], attempts: [] };
    const begun = performance.now();
    const isStopping = (): boolean => stopping.aborted;
    let owedSent = 0;
    while (!isStopping() && performance.now() - begun < LONGEST_TRIP_MS) {
      const [fresh, again] = [news[trip.newsSent], owed[owedSent]];
      const isFresh = fresh !== undefined && (again === undefined || fresh.dueSince <= again.dueSince);
      const letter = isFresh ? fresh : again;
      if (!letter) break;
      const { delivery, event } = letter;
      const attempt =
        event &&
        (await this.sendWebhook.execute(subscription, { id: event.id, body: envelopeOf(event) }, stopping));
      // Given up by ourselves: that is no failure of theirs, and it is sent again.
      if (attempt && attempt.error !== null && isStopping()) break;
      if (isFresh) trip.newsSent += 1;
      else owedSent += 1;
      trip.deliveries.push(attempt ? attempted(delivery, attempt, Math.random()) : outlived(delivery));
      if (!attempt) continue;
      (attempt.error === null ? this.succeeded : this.failed).add();
      trip.attempts.push(attempt);
      if (isFresh) this.delay.observe(Math.max(0, attempt.at.getTime() - letter.dueSince) / 1000);
      if (isGone(attempt)) break;
    }
    return trip;
  }

  private async writeDown(
    { tenantId, subscriptionId, url, place }: WebhookSubscription,
    { news, upTo }: Bag,
    { newsSent, deliveries, attempts }: Trip,
    courier: string,
  ): Promise<void> {
    await this.subscriptions.change(tenantId, subscriptionId, async (subscription) => {
      if (!subscription.expects(courier)) return;
      const wasEnabled = subscription.enabled;
      await this.deliveries.record(subscription, deliveries);
      subscription.comeBack({
        url,
        place: newsSent === news.length ? upTo : (news[newsSent - 1]?.delivery.seq ?? place),
        attempts,
        nextRetryAt: await this.deliveries.nextDue(subscription),
      });
      if (wasEnabled && !subscription.enabled)
        this.log.warn(`${subscriptionId} of ${tenantId} is disabled: ${String(subscription.disabledReason)}`);
    });
  }
}

/** The subscription may be deleted at any time. */
async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'not_found') return undefined;
    throw error;
  });
}

/** Whoever subscribes is sent what comes afterwards, whose ids all tell their places. */
function letterOf(event: ToldEvent, now: Date): Letter {
  const seq = placeIn(event.id as Id<'evt'>);
  const delivery = newDelivery({ seq, eventId: event.id, event: event.type }, now);
  return { delivery, event, dueSince: Date.parse(event.timestamp) };
}
