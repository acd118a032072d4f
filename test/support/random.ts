/** Pseudo-random numbers from 0 to 1, the same for the same seed, and unlike those of its neighbours (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}

/** All of a list in random order, then all of it in another order, and so on. */
export function* shuffled<T>(list: readonly T[], random: () => number): Generator<T, never> {
  for (;;) {
    const left = [...list];
    while (left.length > 0) yield* left.splice(Math.floor(random() * left.length), 1);
  }
}
