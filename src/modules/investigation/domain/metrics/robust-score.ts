import type { Direction, MetricProfile } from './metric-profile.js';

/** Location and scale of a series in its baseline window. */
export interface Baseline {
  readonly median: number;
  /** The unit of anomaly scores; above 0. */
  readonly scale: number;
  /** Effect floor: smaller deviations score 0. The metric's floor, or its share of the median if that is larger. */
  readonly floor: number;
}

export interface RobustScore {
  /** Deviation of the worst sample on the bad side, in units of the scale; 0 within the effect floor. */
  readonly score: number;
  /** Index of the worst sample, -1 when there is none. */
  readonly index: number;
}

/** A sample is anomalous when its robust z exceeds this. */
export const ANOMALY_THRESHOLD = 5;
/** The fewest samples that make a baseline. */
export const MIN_BASELINE_SAMPLES = 3;

/** Scores are shown and stored; larger ones carry no more information. */
export const MAX_ROBUST_SCORE = 1_000_000;

/**
 * Median and scale of the baseline window: `scale = max(IQR, 0.001 · |median|)`. The second term keeps the scale of a
 * constant series above 0; a series that is constantly 0 uses a tenth of its effect floor.
 * @returns undefined without samples
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
 * The robust scorer of BARO (Pham et al. 2024): `max over samples of (x − median) / scale`, here only in the metric's bad
 * direction and only beyond its effect floor.
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

/** Robust z of one sample: its deviation in the bad direction, in units of the scale; 0 within the effect floor. */
export function robustZ(value: number, { median, scale, floor }: Baseline, direction: Direction): number {
  const effect = onBadSide(value - median, direction);
  if (!(effect >= floor)) return 0;
  return Math.min(effect / scale, MAX_ROBUST_SCORE);
}

/** A difference from the baseline, positive when it is bad. */
export function onBadSide(difference: number, direction: Direction): number {
  if (direction === 'up') return difference;
  return direction === 'down' ? -difference : Math.abs(difference);
}

/** 0 without values. */
export function medianOf(values: readonly number[]): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

/** Linear interpolation between the closest ranks (Hyndman & Fan 1996, type 7). */
function quantile(sorted: Float64Array, p: number): number {
  const rank = p * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? 0;
  const above = sorted[Math.ceil(rank)] ?? below;
  // In this form two huge values of opposite sign do not overflow to NaN.
  const share = rank - Math.floor(rank);
  return below * (1 - share) + above * share;
}
