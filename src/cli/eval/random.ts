export type Random = () => number;

/** Numbers in `[0, 1)` that follow from the seed and the words alone (mulberry32 over an FNV-1a hash). */
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

/** Standard normal (Box and Muller 1958). */
export function normalFrom(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
