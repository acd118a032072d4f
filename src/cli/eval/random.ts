export type Random = () => number;

/** A pseudo-random generator of numbers in `[0, 1)`: mulberry32, seeded with an FNV-1a hash of the seed and the words. */
export function randomFrom(seed: number, ...words: readonly string[]): Random {
  let state = 2166136261 ^ Math.imul(seed, 2654435761);
  for (const character of words.join('\0')) state = Math.imul(state ^ character.charCodeAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A sample of the standard normal distribution (Box and Muller 1958). */
export function normalFrom(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
