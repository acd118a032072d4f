const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds between one attempt and the next, as Standard Webhooks 1.0.0 propose. The first attempt is made at once. */
const PAUSES = [
  5, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR,
]; // prettier-ignore
/** By how much of itself a pause may be longer, so that what failed together does not come back together. */
const JITTER = 0.1;

/**
 * When to try again; null when it has been tried often enough.
 *
 * @param tries how many attempts there were
 * @param failedAt when the last of them was
 * @param retryAfterSeconds before which the other side wants to hear nothing; its wish makes no pause shorter, since then it
 *   could use all attempts up within minutes
 * @param chance 0 up to 1, evenly
 */
export function nextAttemptAt(
  tries: number,
  failedAt: Date,
  retryAfterSeconds: number,
  chance: number,
): Date | null {
  const pause = PAUSES[tries - 1];
  if (pause === undefined) return null;
  const seconds = Math.max(pause, retryAfterSeconds) + pause * JITTER * chance;
  return new Date(failedAt.getTime() + Math.ceil(seconds * 1000));
}
