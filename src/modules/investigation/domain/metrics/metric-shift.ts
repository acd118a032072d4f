import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs } from '../evidence/evidence.js';
import { type Direction, type MetricRole, profileOf } from './metric-profile.js';
import {
  ANOMALY_THRESHOLD,
  baselineOf,
  MIN_BASELINE_SAMPLES,
  onBadSide,
  robustScore,
  robustZ,
} from './robust-score.js';
import { amount } from '../wording.js';

/** How one series changed at the split: the samples after it, compared with the baseline window before it. */
export interface MetricShift {
  readonly series: MetricSeries;
  readonly role: MetricRole;
  /** Anomaly score of the worst sample, in units of the baseline's scale; see `robustScore`. */
  readonly score: number;
  /**
   * Effect size: the median deviation from the baseline after the split, in units of the metric's effect floor. The
   * median, since single outliers are normal.
   */
  readonly effect: number;
  /** Whether at least two samples (one, if there is only one) exceed the anomaly threshold. */
  readonly shifted: boolean;
  /** Time of the first anomalous sample; of the first sample after the split when there is none. */
  readonly at: EpochMs;
  /** Baseline median. */
  readonly normal: number;
  /** The worst value after the split. */
  readonly worst: number;
}

/** Undefined when there are fewer than three samples before the split, or none after it. */
export function metricShift(series: MetricSeries, split: EpochMs): MetricShift | undefined {
  const after = series.timestamps.findIndex((timestamp) => timestamp >= split);
  if (after < MIN_BASELINE_SAMPLES) return undefined;
  const profile = profileOf(series.metric, series.unit);
  const baseline = baselineOf(series.values.slice(0, after), profile);
  if (!baseline) return undefined;
  const values = series.values.slice(after);
  const { score, index } = robustScore(values, baseline, profile.direction);
  const anomalous = values.map((value) => robustZ(value, baseline, profile.direction) > ANOMALY_THRESHOLD);
  const first = anomalous.indexOf(true);
  const worst = values[Math.max(0, index)] ?? baseline.median;
  return {
    series,
    role: profile.role,
    score,
    effect: medianDeviation(values, baseline.median, profile.direction) / baseline.floor,
    shifted: anomalous.filter(Boolean).length >= Math.min(2, values.length),
    at: series.timestamps[after + Math.max(0, first)] ?? split,
    normal: baseline.median,
    worst,
  };
}

/** The median (upper, of an even number) deviation on the bad side; 0 when the samples moved the other way. */
function medianDeviation(values: readonly number[], normal: number, direction: Direction): number {
  const deviations = values.map((value) => onBadSide(value - normal, direction)).sort((a, b) => a - b);
  return Math.max(0, deviations[Math.floor(deviations.length / 2)] ?? 0);
}

/** `latency_ms rose from 12 to 480`. */
export function describeShift({ series, normal, worst }: MetricShift): string {
  const unit = series.unit === undefined || series.unit === '1' ? '' : ` ${series.unit}`;
  return `${series.metric} ${worst >= normal ? 'rose' : 'fell'} from ${amount(normal)} to ${amount(worst)}${unit}`;
}
