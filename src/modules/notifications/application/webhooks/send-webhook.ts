import { Injectable } from '@nestjs/common';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import { Clock } from '#kernel/domain/clock';
import { lenientText } from '#kernel/domain/lenient-text';
import type { OutboundAnswer } from '#kernel/net/exchange';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { OutboundFailedError, OutboundRefusedError } from '#kernel/net/outbound-errors';
import { isBusy, isSuccess, postWebhook, retryAfterSeconds, unexpected } from '#kernel/net/post-webhook';
import type { Attempt } from '../../domain/webhook-delivery.js';
import type { WebhookSubscription } from '../../domain/webhook-subscription.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** The lower bound that Standard Webhooks recommends. */
const TIMEOUT_MS = 15_000;
/** Read only so that the receiver can finish its response. */
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_EXCERPT_CHARS = 1_000;
const IT = 'The address';

interface Message {
  /** The event id, the same at every attempt. */
  readonly id: string;
  readonly body: string;
}

/** An attempt, with the beginning of the response body. */
export interface AnsweredAttempt extends Attempt {
  readonly answer: string | null;
}

/** Makes one delivery attempt to a subscription's URL. Not to be called inside a transaction. */
@Injectable()
export class SendWebhook {
  constructor(
    private readonly http: GuardedFetch,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  async execute(
    subscription: WebhookSubscription,
    message: Message,
    signal?: AbortSignal,
  ): Promise<AnsweredAttempt> {
    const sentAt = this.clock.now();
    try {
      const answer = await postWebhook(this.http, {
        ...message,
        url: subscription.url,
        secrets: this.secrets.of(subscription, sentAt),
        sentAt,
        timeoutMs: TIMEOUT_MS,
        maxResponseBytes: MAX_ANSWER_BYTES,
        ...(signal && { signal }),
      });
      const text = lenientText(answer.body.toString('utf8'), MAX_EXCERPT_CHARS);
      return { ...responded(answer, this.clock.now()), answer: text };
    } catch (error) {
      return { ...failed(error, this.clock.now()), answer: null };
    }
  }
}

function responded({ status, headers }: Pick<OutboundAnswer, 'status' | 'headers'>, at: Date): Attempt {
  return {
    at,
    statusCode: status,
    error: isSuccess(status) ? null : unexpected(IT, status),
    retryAfterSeconds: isBusy(status) ? (retryAfterSeconds(headers['retry-after'], at) ?? 0) : 0,
  };
}

function failed(error: unknown, at: Date): Attempt {
  // The status code counts even when the body is endless or never arrives.
  if (error instanceof OutboundFailedError && error.status !== undefined)
    return responded({ status: error.status, headers: {} }, at);
  return { at, statusCode: null, error: reasonOf(error), retryAfterSeconds: 0 };
}

function reasonOf(error: unknown): string {
  if (error instanceof OutboundRefusedError || error instanceof OutboundFailedError) return error.message;
  if (error instanceof SealedTextError) return 'The secret cannot be read; rotate it.';
  throw error;
}
