import type { Direction, MetricProfile } from './metric-profile.js';

/** The normal of a series. */
export interface Baseline {
  readonly median: number;
  /** What counts as one step away from it; never 0. */
  readonly scale: number;
  /** A smaller departure than this is no departure: the metric's own floor, at least its share of the median. */
  readonly floor: number;
}

export interface RobustScore {
  /** Steps of the scale that the worst sample lies away on the bad side; 0 when it stays within the effect floor. */
  readonly score: number;
  /** Index of the worst sample, -1 when there is none. */
  readonly index: number;
}

/** So many steps of its own spread away a sample has left normal. */
export const DEPARTURE = 5;
/** Of fewer samples nobody can tell what is normal. */
export const FEWEST_NORMAL_SAMPLES = 3;

/** Scores are shown and stored: beyond this they say no more. */
export const MAX_ROBUST_SCORE = 1_000_000;

/**
 * Median and spread of what is taken for normal: `scale = max(IQR, 0.001 · |median|)`. The second term keeps a
 * constant series from dividing by nothing. A series that is constantly 0 has neither, and takes a tenth of the
 * smallest change that matters instead.
 */
export function baselineOf(values: readonly number[], profile: MetricProfile): Baseline | undefined {
  if (values.length === 0) return undefined;
  const sorted = Float64Array.from(values).sort();
  const median = quantile(sorted, 0.5);
  const spread = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  const scale = Math.max(spread, 0.001 * Math.abs(median));
  const floor = Math.max(profile.floor, profile.relativeFloor * Math.abs(median));
  return { median, scale: scale > 0 ? scale : floor / 10, floor };
}

/**
 * The robust scorer of BARO (Pham et al. 2024): `max over samples of (x − median) / scale`, taken only on the side
 * that is bad for this metric, and only beyond its effect floor.
 */
export function robustScore(
  values: readonly number[],
  baseline: Baseline,
  direction: Direction,
): RobustScore {
  let worst: RobustScore = { score: 0, index: -1 };
  values.forEach((value, index) => {
    const score = robustZ(value, baseline, direction);
    if (score > worst.score) worst = { score, index };
  });
  return worst;
}

/** One sample's distance on the bad side, in steps of the scale; 0 within the floor. */
export function robustZ(value: number, { median, scale, floor }: Baseline, direction: Direction): number {
  const effect = onBadSide(value - median, direction);
  if (!(effect >= floor)) return 0;
  return Math.min(effect / scale, MAX_ROBUST_SCORE);
}

function onBadSide(difference: number, direction: Direction): number {
  if (direction === 'up') return difference;
  return direction === 'down' ? -difference : Math.abs(difference);
}

/** Of no values 0. */
export function medianOf(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Linear interpolation between the closest ranks (Hyndman & Fan 1996, type 7). */
function quantile(sorted: Float64Array, p: number): number {
  const rank = p * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? 0;
  const above = sorted[Math.ceil(rank)] ?? below;
  // Written so that two huge values of opposite sign do not overflow into NaN.
  const share = rank - Math.floor(rank);
  return below * (1 - share) + above * share;
}
