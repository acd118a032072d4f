import { Refusal } from './errors.js';

/** A rotated secret, sealed, which stays valid beside the current one until `until`. Stored as JSON. */
export interface FormerSecret {
  readonly sealed: string;
  readonly until: string;
}

/** Every one of them is tried, or signs, whenever the current one does. */
const MAX_FORMER_SECRETS = 10;

/**
 * The former secrets after a rotation: the current one until the end of its overlap, and the earlier ones until the end of theirs.
 * Without an overlap all of them end at once.
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
  if (retired.length > MAX_FORMER_SECRETS)
    throw new Refusal(
      'quota_exceeded',
      `${MAX_FORMER_SECRETS} former secrets are still valid; wait, or end them all with an overlap of 0 minutes.`,
    );
  return retired;
}

/** The sealed secrets that are valid now, newest first. */
export function goodSecrets(present: string, former: readonly FormerSecret[], now: Date): string[] {
  return [present, ...former.filter(isGoodAt(now)).map(({ sealed }) => sealed)];
}

function isGoodAt(now: Date): (secret: FormerSecret) => boolean {
  return ({ until }) => new Date(until) > now;
}
