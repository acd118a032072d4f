import type { MetricSeries } from '../evidence/metric-series.js';
import { separateWords } from '../metrics/metric-profile.js';
import { percent } from '../wording.js';
import type { FailureMode } from './failure-mode.js';

/** A limit that a database reached. */
export interface ReachedLimit {
  readonly mode: FailureMode;
  readonly entity: string;
  /** A predicate that follows the entity's name. */
  readonly says: string;
  /** 1 at the limit; higher is worse. */
  readonly severity: number;
  readonly evidenceIds: readonly string[];
}

/** A metric that databases report about themselves, with its limit. */
interface Measure {
  /** Matches the metric's name in lower case, letters only. */
  readonly named: RegExp;
  readonly mode: FailureMode;
  /** The value to compare with the limit; undefined for a unit without a known limit. */
  readonly of: (series: MetricSeries) => number | undefined;
  readonly severity: (value: number) => number;
  readonly says: (value: number) => string;
}

const CPU_PERCENT = 80;
const LAG_SECONDS = 300;
const LOCK_WAIT_SECONDS = 5;
/** Share of the highest free storage in the series. */
const FREE_SHARE = 0.05;
/** Share of the samples, from the end, that count as recent. */
const RECENT_SHARE = 1 / 3;

const MEASURES: readonly Measure[] = [
  {
    named: /^cpu(?:util|usage|percent|pct)/,
    mode: 'cpu_saturation',
    of: typical,
    severity: (used) => used / CPU_PERCENT,
    says: (used) => `uses ${Math.round(used)} % of its CPU`,
  },
  {
    named: /replica(?:tion)?lag/,
    mode: 'replication_lag',
    of: typicalSeconds,
    severity: (seconds) => seconds / LAG_SECONDS,
    says: (seconds) => `lags ${Math.round(seconds)} s behind its source`,
  },
  {
    named: /^longestlockwait/,
    mode: 'lock_contention',
    of: typicalSeconds,
    severity: (seconds) => seconds / LOCK_WAIT_SECONDS,
    says: (seconds) => `lets sessions wait ${Math.round(seconds)} s for a lock`,
  },
  {
    named: /free(?:storage|disk)/,
    mode: 'storage_full',
    of: shareLeft,
    severity: (share) => (share < FREE_SHARE ? 2 - share : 0),
    says: (share) => `has ${percent(share)} left of the storage that was free`,
  },
];

/** The limit that a series reached, judged by the last third of its samples; none or one. */
export function limitsReachedBy(series: MetricSeries): ReachedLimit[] {
  const { entity, evidenceIds } = series;
  const measure = measureOf(series);
  const value = measure?.of(series);
  if (measure === undefined || value === undefined || measure.severity(value) < 1) return [];
  const { mode, severity, says } = measure;
  return [{ mode, entity, says: says(value), severity: severity(value), evidenceIds }];
}

/** Whether a limit is known for the series. Other series cannot show that the database is healthy. */
export function hasLimit(series: MetricSeries): boolean {
  return measureOf(series)?.of(series) !== undefined;
}

function measureOf({ metric }: MetricSeries): Measure | undefined {
  const name = metric.toLowerCase().replaceAll(/[^a-z]/g, '');
  return MEASURES.find(({ named }) => named.test(name));
}

function recent({ values }: MetricSeries): readonly number[] {
  return values.slice(-Math.max(1, Math.ceil(values.length * RECENT_SHARE)));
}

function typical(series: MetricSeries): number {
  const sorted = [...recent(series)].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const NO_TIME =
  /\b(?:[kmgt]i?b|(?:kilo|mega|giga)?bytes?|lsn|records?|messages?|transactions?|percent|events?)\b|%/;
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/\b(?:ns|nanos|nanoseconds?)\b/, 1e-9],
  [/\b(?:us|micros|microseconds?)\b/, 1e-6],
  [/\b(?:ms|millis|milliseconds?)\b/, 1e-3],
  [/\bminutes?\b/, 60],
];

/** The unit comes from the series or its name; undefined for what is not a time, such as a lag in bytes. */
function typicalSeconds(series: MetricSeries): number | undefined {
  const words = separateWords(`${series.metric} ${series.unit ?? ''}`);
  if (NO_TIME.test(words)) return undefined;
  return typical(series) * (UNITS.find(([names]) => names.test(words))?.[1] ?? 1);
}

/** The lowest recent value as a share of the highest value. */
function shareLeft(series: MetricSeries): number {
  const highest = -least(series.values.map((value) => -value));
  return highest > 0 ? Math.max(0, least(recent(series)) / highest) : 1;
}

/** Like `Math.min(...values)`, which fails for very long arrays. */
export function least(values: readonly number[]): number {
  return values.reduce((all, value) => Math.min(all, value), Number.POSITIVE_INFINITY);
}
