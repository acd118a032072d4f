/**
 * How far a count lies from what was expected, in standard deviations: the noise of counting, and that of an expectation
 * which itself rests on no more than `before` counts.
 */
export function poissonDistance(count: number, expected: number, before: number): number {
  return (count - expected) / Math.sqrt(expected + (before > 0 ? expected ** 2 / before : 0) + 1);
}
