import { median } from './statistics.mjs';

/** How much a series grows from one value to the next: the median of the slopes of all pairs, which no outlier moves. */
export function slopeOf(values) {
  const slopes = values.flatMap((value, at) =>
    values.slice(at + 1).map((later, ahead) => (later - value) / (ahead + 1)),
  );
  return slopes.length === 0 ? 0 : median(slopes);
}
