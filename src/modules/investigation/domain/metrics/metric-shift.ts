import type { MetricSeries } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import { type Direction, type MetricRole, profileOf } from './metric-profile.js';
import { baselineOf, DEPARTURE, FEWEST_NORMAL_SAMPLES, robustScore, robustZ } from './robust-score.js';
import { amount } from '../wording.js';

/** How one series behaved after a point in time, compared with itself before. */
export interface MetricShift {
  readonly series: MetricSeries;
  readonly role: MetricRole;
  /** Steps of the series' own spread; see `robustScore`. */
  readonly score: number;
  /**
   * How many times the smallest change that matters in this metric a typical sample lies away from normal: the median
   * of those after the split, since one odd sample is everyday life.
   */
  readonly effect: number;
  /** Whether it left normal for good reason: far enough, and not for a single sample if there are more. */
  readonly shifted: boolean;
  /** The first sample outside normal, or the split when there is none. */
  readonly at: EpochMs;
  readonly normal: number;
  /** The worst value after the split. */
  readonly worst: number;
}

/** Undefined when one side of the split has too few samples to say anything. */
export function metricShift(series: MetricSeries, split: EpochMs): MetricShift | undefined {
  const after = series.timestamps.findIndex((timestamp) => timestamp >= split);
  if (after < FEWEST_NORMAL_SAMPLES) return undefined;
  const profile = profileOf(series.metric, series.unit);
  const baseline = baselineOf(series.values.slice(0, after), profile);
  if (!baseline) return undefined;
  const values = series.values.slice(after);
  const { score, index } = robustScore(values, baseline, profile.direction);
  const departed = values.map((value) => robustZ(value, baseline, profile.direction) > DEPARTURE);
  const first = departed.indexOf(true);
  const worst = values[Math.max(0, index)] ?? baseline.median;
  return {
    series,
    role: profile.role,
    score,
    effect: robustEffect(values, baseline.median, profile.direction) / baseline.floor,
    shifted: departed.filter(Boolean).length >= Math.min(2, values.length),
    at: series.timestamps[after + Math.max(0, first)] ?? split,
    normal: baseline.median,
    worst,
  };
}

function robustEffect(values: readonly number[], normal: number, direction: Direction): number {
  const away = values.map((value) =>
    direction === 'both' ? Math.abs(value - normal) : direction === 'down' ? normal - value : value - normal,
  );
  away.sort((a, b) => a - b);
  return Math.max(0, away[Math.floor(away.length / 2)] ?? 0);
}

/** `latency_ms rose from 12 to 480`. */
export function movement({ series, normal, worst }: MetricShift): string {
  const unit = series.unit === undefined || series.unit === '1' ? '' : ` ${series.unit}`;
  return `${series.metric} ${worst >= normal ? 'rose' : 'fell'} from ${amount(normal)} to ${amount(worst)}${unit}`;
}
