export interface Interval {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

const Z95 = 1.959964;

/** The 95 % Wilson score interval of a proportion (Wilson 1927), valid for small n and for shares of 0 and 1. */
export function interval(hits: number, n: number): Interval {
  if (n === 0) return { share: 0, low: 0, high: 1 };
  const share = hits / n;
  const z2 = Z95 * Z95;
  const centre = (share + z2 / (2 * n)) / (1 + z2 / n);
  const half = (Z95 / (1 + z2 / n)) * Math.sqrt((share * (1 - share)) / n + z2 / (4 * n * n));
  return { share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}
