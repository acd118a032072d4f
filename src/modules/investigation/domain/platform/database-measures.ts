import type { MetricSeries } from '../evidence/evidence-set.js';
import { separateWords } from '../metrics/metric-profile.js';
import { percent } from '../wording.js';
import type { FailureMode } from './failure-mode.js';

/** A limit that a database reached. */
export interface ReachedLimit {
  readonly mode: FailureMode;
  readonly entity: string;
  /** Reads on after the entity. */
  readonly says: string;
  /** 1 where the limit lies; more is worse. */
  readonly severity: number;
  readonly evidenceIds: readonly string[];
}

/** What a database measures of itself, and how near its limit it is. */
interface Measure {
  /** By the letters of its name. */
  readonly named: RegExp;
  readonly mode: FailureMode;
  /** Undefined where it is measured in a unit of which no limit is known. */
  readonly of: (series: MetricSeries) => number | undefined;
  readonly severity: (value: number) => number;
  readonly says: (value: number) => string;
}

const CPU_PERCENT = 80;
const LAG_SECONDS = 300;
const LOCK_WAIT_SECONDS = 5;
/** Of the most that was ever free. */
const FREE_SHARE = 0.05;
/** Of the samples. */
const LATELY = 1 / 3;

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

/** By the last third of the samples. */
export function limitsReachedBy(series: MetricSeries): ReachedLimit[] {
  const { entity, evidenceIds } = series;
  const measure = measureOf(series);
  const value = measure?.of(series);
  if (measure === undefined || value === undefined || measure.severity(value) < 1) return [];
  const { mode, severity, says } = measure;
  return [{ mode, entity, says: says(value), severity: severity(value), evidenceIds }];
}

/** Whether a limit of what a series measures is known here: of all others nothing is said by staying below it. */
export function hasLimit(series: MetricSeries): boolean {
  return measureOf(series)?.of(series) !== undefined;
}

function measureOf({ metric }: MetricSeries): Measure | undefined {
  const name = metric.toLowerCase().replaceAll(/[^a-z]/g, '');
  return MEASURES.find(({ named }) => named.test(name));
}

function recent({ values }: MetricSeries): readonly number[] {
  return values.slice(-Math.max(1, Math.ceil(values.length * LATELY)));
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

/** By its unit, or its name; undefined where it is no time, such as a lag in bytes. */
function typicalSeconds(series: MetricSeries): number | undefined {
  const words = separateWords(`${series.metric} ${series.unit ?? ''}`);
  if (NO_TIME.test(words)) return undefined;
  return typical(series) * (UNITS.find(([names]) => names.test(words))?.[1] ?? 1);
}

/** Of the most that was free, the least of late. */
function shareLeft(series: MetricSeries): number {
  const most = -least(series.values.map((value) => -value));
  return most > 0 ? Math.max(0, least(recent(series)) / most) : 1;
}

/** However many they are. */
export function least(values: readonly number[]): number {
  return values.reduce((all, value) => Math.min(all, value), Number.POSITIVE_INFINITY);
}
