import { retryAfterSeconds } from '#kernel/net/post-webhook';
import { ProviderError } from '../../providers/provider.js';

/** Longer ones would use up the four hours of a message. */
const MAX_SECONDS = 3600;

/** The seconds that a chat that is busy asks to wait; undefined for any other failure. */
export function waitOf(error: unknown, now: Date): number | undefined {
  const told = error instanceof ProviderError ? retryAfterSeconds(error.retryAfter, now) : undefined;
  return told === undefined ? undefined : Math.min(told, MAX_SECONDS);
}
