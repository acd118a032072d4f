import { Webhook } from 'standardwebhooks';
import type { OutboundAnswer, OutboundCall } from './exchange.js';
import type { GuardedFetch } from './guarded-fetch.js';

const A_DAY_SECONDS = 86_400;

export interface WebhookMessage extends Pick<OutboundCall, 'timeoutMs' | 'maxResponseBytes' | 'signal'> {
  readonly url: string;
  /** The same at every attempt, so that the receiver can deduplicate. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
  /** `whsec_…`. The message is signed with each of them: during a rotation the receiver may verify with either. */
  readonly secrets: readonly string[];
  readonly sentAt: Date;
}

/**
 * Sends a message as Standard Webhooks 1.0.0 specifies.
 *
 * @throws OutboundRefusedError, OutboundFailedError
 */
export async function postWebhook(
  http: GuardedFetch,
  { id, body, secrets, sentAt, ...call }: WebhookMessage,
): Promise<OutboundAnswer> {
  return http.request({
    ...call,
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'CauseFlow',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
      'webhook-signature': secrets.map((secret) => new Webhook(secret).sign(id, sentAt, body)).join(' '),
    },
    body,
  });
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299;
}

/** The receiver refused the message before processing it. */
export function isBusy(status: number): boolean {
  return status === 429 || status === 503;
}

/** A sentence about an unexpected status. @param who the receiver, as the beginning of the sentence */
export function unexpected(who: string, status: number): string {
  const redirects = status >= 300 && status <= 399 ? '; redirects are not followed' : '';
  return `${who} answered ${status}${redirects}.`;
}

/** `Retry-After` as seconds from now, at most a day; undefined when it is missing or unreadable. */
export function retryAfterSeconds(header: string | undefined, now: Date): number | undefined {
  if (header === undefined) return undefined;
  const seconds = /^\d+$/.test(header)
    ? Number(header)
    : Math.ceil((Date.parse(header) - now.getTime()) / 1000);
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(seconds, 0), A_DAY_SECONDS);
}
