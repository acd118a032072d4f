import { randomUUID } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { Id } from '#kernel/domain/ids';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { seqOf } from '#kernel/events/event-id';
import { EventLog } from '#kernel/events/event-log';
import { toPublicEvent, type PublicEvent } from '#kernel/events/public-events';
import { PublicEventLog } from '#kernel/events/public-event-log';
import type { Counter, Histogram } from '#kernel/metrics/instruments';
import { Metrics } from '#kernel/metrics/metrics';
import { expandPatterns } from '../../domain/event-patterns.js';
import { type SubscriptionKey, WebhookDeliveries } from '../../domain/webhook-deliveries.js';
import {
  afterAttempt,
  type Attempt,
  isGone,
  newDelivery,
  type WebhookDelivery,
  withoutEvent,
} from '../../domain/webhook-delivery.js';
import type { WebhookSubscription } from '../../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';
import { envelopeOf } from '../streams/frames.js';
import { SendWebhook } from './send-webhook.js';

/** Small, because a batch is sent again after a crash. */
const NEW_EVENTS_PER_BATCH = 32;
const RETRIES_PER_BATCH = 16;
/** No attempt starts later than this: even when the last one times out, the batch is recorded before its lease expires. */
const MAX_BATCH_MS = 5_000;
/** From unnoticeable up to a backlog of a day. */
const DELAYS_SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 1800, 7200, 86_400];

/** An event to be sent to the subscription. */
interface Item {
  readonly delivery: WebhookDelivery;
  /** Undefined when the log no longer keeps it. */
  readonly event: PublicEvent | undefined;
  readonly dueSince: number;
  /** Not attempted before. */
  readonly isNew: boolean;
}

interface Batch {
  /** In the order of the log. */
  readonly newEvents: readonly Item[];
  /** The position up to which `newEvents` are all events that the subscription wants. */
  readonly upTo: number;
  /** Longest due first. */
  readonly retries: readonly Item[];
}

interface BatchResult {
  newEventsSent: number;
  readonly deliveries: WebhookDelivery[];
  readonly attempts: Attempt[];
}

/**
 * Delivers one batch to a subscription: takes a lease, loads what is due, sends it one event at a time outside of any
 * transaction, and records the outcome together with the new position. A worker that dies has recorded nothing, and the
 * next one sends the same events again under the same ids.
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
    private readonly publicEventLog: PublicEventLog,
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

  /** @returns false when the subscription is disabled, deleted, or leased to another worker */
  async execute({ tenantId, subscriptionId }: SubscriptionKey, stopping: AbortSignal): Promise<boolean> {
    const workerId = randomUUID();
    const subscription = await unlessDeleted(
      this.subscriptions.change(tenantId, subscriptionId, (found) =>
        found.lease(workerId, this.clock.now()) ? found : undefined,
      ),
    );
    if (!subscription) return false;
    const batch = await this.load(subscription);
    const result = await this.send(subscription, batch, stopping);
    await unlessDeleted(this.record(subscription, batch, result, workerId));
    return true;
  }

  private async load(subscription: WebhookSubscription): Promise<Batch> {
    const { tenantId, position, nextRetryAt } = subscription;
    const now = this.clock.now();
    const types = expandPatterns(subscription.events, this.catalogue.publishedTypes);
    const page = await this.publicEventLog.page(tenantId, { types }, position, NEW_EVENTS_PER_BATCH);
    const hasRetries = nextRetryAt !== null && nextRetryAt <= now;
    const retries = hasRetries ? await this.deliveries.due(subscription, now, RETRIES_PER_BATCH) : [];
    const kept = await this.eventLog.at(
      tenantId,
      retries.map(({ seq }) => seq),
    );
    const events = new Map(kept.map((event) => [event.seq, toPublicEvent(event)]));
    return {
      newEvents: page.events().map((event) => newItem(event, now)),
      upTo: page.upTo,
      retries: retries.map((delivery) => ({
        delivery,
        event: events.get(delivery.seq),
        dueSince: delivery.nextAttemptAt?.getTime() ?? 0,
        isNew: false,
      })),
    };
  }

  private async send(
    subscription: WebhookSubscription,
    batch: Batch,
    stopping: AbortSignal,
  ): Promise<BatchResult> {
    const result: BatchResult = { newEventsSent: 0, deliveries: [], attempts: [] };
    const startedAt = performance.now();
    const isStopping = (): boolean => stopping.aborted;
    for (const { delivery, event, dueSince, isNew } of inDueOrder(batch)) {
      if (isStopping() || performance.now() - startedAt >= MAX_BATCH_MS) break;
      const attempt =
        event &&
        (await this.sendWebhook.execute(subscription, { id: event.id, body: envelopeOf(event) }, stopping));
      // Aborted by our own shutdown: not the receiver's failure, and another worker sends it again.
      if (attempt && attempt.error !== null && isStopping()) break;
      if (isNew) result.newEventsSent += 1;
      result.deliveries.push(
        attempt ? afterAttempt(delivery, attempt, Math.random()) : withoutEvent(delivery),
      );
      if (!attempt) continue;
      (attempt.error === null ? this.succeeded : this.failed).add();
      result.attempts.push(attempt);
      if (isNew) this.delay.observe(Math.max(0, attempt.at.getTime() - dueSince) / 1000);
      if (isGone(attempt)) break;
    }
    return result;
  }

  private async record(
    { tenantId, subscriptionId, url, position }: WebhookSubscription,
    { newEvents, upTo }: Batch,
    { newEventsSent, deliveries, attempts }: BatchResult,
    workerId: string,
  ): Promise<void> {
    await this.subscriptions.change(tenantId, subscriptionId, async (subscription) => {
      if (!subscription.isLeasedTo(workerId)) return;
      const wasEnabled = subscription.enabled;
      await this.deliveries.record(subscription, deliveries);
      subscription.complete({
        url,
        position:
          newEventsSent === newEvents.length
            ? upTo
            : (newEvents[newEventsSent - 1]?.delivery.seq ?? position),
        attempts,
        nextRetryAt: await this.deliveries.nextDue(subscription),
      });
      if (wasEnabled && !subscription.enabled)
        this.log.warn(`${subscriptionId} of ${tenantId} is disabled: ${String(subscription.disabledReason)}`);
    });
  }
}

/** A subscription may be deleted at any time. */
async function unlessDeleted<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'not_found') return undefined;
    throw error;
  });
}

/** The id of every event that comes after a subscription was created contains its sequence number. */
function newItem(event: PublicEvent, now: Date): Item {
  const seq = seqOf(event.id as Id<'evt'>);
  const delivery = newDelivery({ seq, eventId: event.id, event: event.type }, now);
  return { delivery, event, dueSince: Date.parse(event.timestamp), isNew: true };
}

/** Merges new events and retries, longest due first, so that neither waits for all of the other. Each keeps its own order. */
export function inDueOrder({ newEvents, retries }: Batch): Item[] {
  const merged: Item[] = [];
  let next = 0;
  for (const item of newEvents) {
    for (let retry = retries[next]; retry && retry.dueSince < item.dueSince; retry = retries[++next])
      merged.push(retry);
    merged.push(item);
  }
  return [...merged, ...retries.slice(next)];
}
