import { newId } from '#kernel/domain/ids';
import { nextAttemptAt } from './retry-schedule.js';

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const;

/** The delivery of one event to one subscription, over all its attempts. */
export interface WebhookDelivery {
  readonly deliveryId: string;
  /** The event's sequence number in the tenant's log. */
  readonly seq: number;
  readonly eventId: string;
  readonly event: string;
  /** `pending` until it has succeeded or its retries are exhausted. */
  readonly status: (typeof DELIVERY_STATUSES)[number];
  /** All attempts so far. */
  readonly attempts: number;
  /** Attempts since the event occurred or since a redelivery was requested, whichever is later. */
  readonly tries: number;
  readonly lastStatusCode: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly lastAttemptAt: Date | null;
  readonly nextAttemptAt: Date | null;
}

/** The outcome of one attempt. */
export interface Attempt {
  /** When it ended. */
  readonly at: Date;
  /** Null when there was no response. */
  readonly statusCode: number | null;
  /** A message for people; null when the attempt succeeded. */
  readonly error: string | null;
  /** How long the receiver asked to wait. */
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

/** @param random uniform in [0, 1) */
export function afterAttempt(delivery: WebhookDelivery, attempt: Attempt, random: number): WebhookDelivery {
  const tries = delivery.tries + 1;
  const hasSucceeded = attempt.error === null;
  const next =
    hasSucceeded || isGone(attempt)
      ? null
      : nextAttemptAt(tries, attempt.at, attempt.retryAfterSeconds, random);
  return {
    ...delivery,
    status: hasSucceeded ? 'succeeded' : statusOfFailure(next),
    attempts: delivery.attempts + 1,
    tries,
    lastStatusCode: attempt.statusCode,
    lastError: attempt.error,
    lastAttemptAt: attempt.at,
    nextAttemptAt: next,
  };
}

function statusOfFailure(nextAttemptAt: Date | null): WebhookDelivery['status'] {
  return nextAttemptAt === null ? 'failed' : 'pending';
}

/** The event is past its retention period and cannot be sent any more. */
export function withoutEvent(delivery: WebhookDelivery): WebhookDelivery {
  return {
    ...delivery,
    status: 'failed',
    tries: delivery.tries + 1,
    lastError: 'The event is no longer kept.',
    nextAttemptAt: null,
  };
}

/** 410 Gone: the receiver wants no more events. */
export function isGone({ statusCode }: Attempt): boolean {
  return statusCode === 410;
}
