/**
 * How far a count lies from its expectation, in standard deviations:
 * `(count − expected) / √(expected + expected² / before + 1)`. The variance is that of a Poisson count plus that of the
 * expectation, which is scaled from `before` counts; `+ 1` keeps it finite for small numbers.
 */
export function poissonDistance(count: number, expected: number, before: number): number {
  return (count - expected) / Math.sqrt(expected + (before > 0 ? expected ** 2 / before : 0) + 1);
}
