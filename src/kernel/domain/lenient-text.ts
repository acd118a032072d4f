const UNSTORABLE = /\0|\p{Surrogate}/gu;

/**
 * For senders that cannot be asked to correct their texts: characters that cannot be stored become U+FFFD, and a text longer than
 * `max` code points is truncated between two of them and ends in `…`.
 */
export function lenientText(value: string, max: number): string {
  // A code point has at most two UTF-16 units, so this slice is always long enough.
  const start = value.length > max ? Array.from(value.slice(0, 2 * max + 2)) : undefined;
  const cut = start !== undefined && start.length > max ? `${start.slice(0, max - 1).join('')}…` : value;
  return cut.replace(UNSTORABLE, '\uFFFD');
}
