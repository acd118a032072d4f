import { Webhook } from 'standardwebhooks';
import type { OutboundAnswer, OutboundCall } from './exchange.js';
import type { GuardedFetch } from './guarded-fetch.js';

const A_DAY_SECONDS = 86_400;

export interface WebhookMessage extends Pick<OutboundCall, 'timeoutMs' | 'maxResponseBytes' | 'signal'> {
  readonly url: string;
  /** The same however often it is sent, so that the other side knows it again. */
  readonly id: string;
  /** JSON. */
  readonly body: string;
  /** `whsec_…`. It is signed with each of them: while one replaces another the other side may verify by either. */
  readonly secrets: readonly string[];
  readonly sentAt: Date;
}

/**
 * Sends a message as Standard Webhooks 1.0.0 say.
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

/** It turned the message down before looking at it. */
export function isBusy(status: number): boolean {
  return status === 429 || status === 503;
}

/** A sentence about an answer that is none of those hoped for. @param who answered, as a sentence begins */
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
