const UNSTORABLE = /\0|\p{Surrogate}/gu;

/**
 * For senders that cannot be told to mend their texts: what cannot be stored becomes U+FFFD, and a text longer than
 * `max` code points is cut between two of them and ends in `…`.
 */
export function lenientText(value: string, max: number): string {
  // A code point takes at most two units, so this slice is never too short to decide.
  const start = value.length > max ? Array.from(value.slice(0, 2 * max + 2)) : undefined;
  const cut = start !== undefined && start.length > max ? `${start.slice(0, max - 1).join('')}…` : value;
  return cut.replace(UNSTORABLE, '\uFFFD');
}
