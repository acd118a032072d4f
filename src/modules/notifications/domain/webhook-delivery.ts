import { newId } from '#kernel/domain/ids';
import { nextAttemptAt } from './retry-schedule.js';

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const;

/** What became of sending an event to a subscription. There is one for each event, however often it is sent. */
export interface WebhookDelivery {
  readonly deliveryId: string;
  /** The event's place in the tenant's log. */
  readonly seq: number;
  readonly eventId: string;
  readonly event: string;
  /** `pending` until it has succeeded or failed for good. */
  readonly status: (typeof DELIVERY_STATUSES)[number];
  /** All that were made. */
  readonly attempts: number;
  /** Those made since it was asked for last: by the event, or by a person who wants it sent again. */
  readonly tries: number;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

/** What came of one attempt. */
export interface Attempt {
  /** When it ended. */
  readonly at: Date;
  /** What was answered, when anything was. */
  readonly statusCode: number | null;
  /** A sentence for a person; null when it succeeded. */
  readonly error: string | null;
  /** Before which the other side wants to hear no more. */
  readonly retryAfterSeconds: number;
}

export function newDelivery(
  { seq, eventId, event }: Pick<WebhookDelivery, 'seq' | 'eventId' | 'event'>,
  now: Date,
): WebhookDelivery {
  return {
    deliveryId: newId('dlv'),
    seq,
    eventId,
    event,
    status: 'pending',
    attempts: 0,
    tries: 0,
    lastStatusCode: null,
    lastError: null,
    createdAt: now,
    lastAttemptAt: null,
    nextAttemptAt: now,
  };
}

/** @param chance 0 up to 1, evenly */
export function attempted(delivery: WebhookDelivery, attempt: Attempt, chance: number): WebhookDelivery {
  const tries = delivery.tries + 1;
  const next =
    attempt.error === null || isGone(attempt)
      ? null
      : nextAttemptAt(tries, attempt.at, attempt.retryAfterSeconds, chance);
  return {
    ...delivery,
    status: attempt.error === null ? 'succeeded' : next ? 'pending' : 'failed',
    attempts: delivery.attempts + 1,
    tries,
    lastStatusCode: attempt.statusCode,
    lastError: attempt.error,
    lastAttemptAt: attempt.at,
    nextAttemptAt: next,
  };
}

/** Its event cannot be read any more. */
export function outlived(delivery: WebhookDelivery): WebhookDelivery {
  return {
    ...delivery,
    status: 'failed',
    tries: delivery.tries + 1,
    lastError: 'The event is not kept any more.',
    nextAttemptAt: null,
  };
}

/** 410: the other side wants to hear nothing any more. */
export function isGone({ statusCode }: Attempt): boolean {
  return statusCode === 410;
}
