const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds between one attempt and the next, as recommended by Standard Webhooks 1.0.0. The first attempt is immediate. */
const DELAYS = [
  5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
]; // prettier-ignore
/** The fraction by which a delay is lengthened at most, so that what failed together is not retried together. */
const JITTER = 0.1;

/**
 * @param tries attempts so far
 * @param failedAt the time of the last attempt
 * @param retryAfterSeconds requested by the receiver; never shortens a delay, since that could use up all attempts within
 *   minutes
 * @param random uniform in [0, 1)
 * @returns when to retry; null when the attempts are exhausted
 */
export function nextAttemptAt(
  tries: number,
  failedAt: Date,
  retryAfterSeconds: number,
  random: number,
): Date | null {
  const delay = DELAYS[tries - 1];
  if (delay === undefined) return null;
  const seconds = Math.max(delay, retryAfterSeconds) + delay * JITTER * random;
  return new Date(failedAt.getTime() + Math.ceil(seconds * 1000));
}
