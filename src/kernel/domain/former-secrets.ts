import { Refusal } from './errors.js';

/** A secret that was rotated: sealed, and good beside the present one until then. As JSON keeps it. */
export interface FormerSecret {
  readonly sealed: string;
  readonly until: string;
}

/** Each of them is tried, or signs, whenever the present one does. */
const MOST = 10;

/**
 * What is former once a new secret takes over: the present one for its overlap, and those before it for what is left of
 * theirs, as their holders were told. No overlap ends all of them at once.
 * @throws Refusal `quota_exceeded`
 */
export function retired(
  present: string,
  former: readonly FormerSecret[],
  until: Date,
  now: Date,
): FormerSecret[] {
  if (until <= now) return [];
  const retired = [{ sealed: present, until: until.toISOString() }, ...former.filter(isGoodAt(now))];
  if (retired.length > MOST)
    throw new Refusal(
      'quota_exceeded',
      `${MOST} secrets before the present one are good still; wait, or end them all by an overlap of 0 minutes.`,
    );
  return retired;
}

/** The sealed secrets that are good, the newest first. */
export function goodSecrets(present: string, former: readonly FormerSecret[], now: Date): string[] {
  return [present, ...former.filter(isGoodAt(now)).map(({ sealed }) => sealed)];
}

function isGoodAt(now: Date): (secret: FormerSecret) => boolean {
  return ({ until }) => new Date(until) > now;
}
