import { compareText } from '../compare-text.js';
import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs } from '../evidence/evidence.js';
import type { MetricShift } from '../metrics/metric-shift.js';
import { countsRequests, FAILURE_ROLES, isRatio } from '../metrics/request-excess.js';
import { medianOf } from '../metrics/robust-score.js';

/** What error ratios and request counts tell of failure propagation without a call graph. */
export interface FailurePropagation {
  /** By entity the one whose failures it seems to propagate. */
  readonly sources: ReadonlyMap<string, string>;
  /** By entity one that fails in the same way, so that either may be the source. */
  readonly indistinguishable: ReadonlyMap<string, string>;
  /** Entities with single anomalous samples whose error ratio is hardly above the baseline over all requests. */
  readonly negligible: ReadonlySet<string>;
}

interface Failing {
  readonly entity: string;
  /** Error ratio above the baseline, over all requests since the onset. */
  readonly errorRatio: number;
  /** Failed requests per second above the baseline; undefined when requests are not counted. */
  readonly failureRate: number | undefined;
  /** Request rate now, as a multiple of the baseline. */
  readonly requestGrowth: number;
  /** Number of failures in the baseline window; undefined when unknown. */
  readonly baselineFailures: number | undefined;
  /** When half of `errorRatio` was reached. */
  readonly startedAt: EpochMs;
  /** Scrape interval in ms. */
  readonly interval: number;
  /** Whether it serves no requests any more, which no dependency can cause. */
  readonly isDown: boolean;
}

/** Bounds the pairwise comparison. */
export const MAX_COMPARED = 300;
/** The least factor by which error ratios or request growth must differ to tell source and caller apart. */
const MIN_RATIO = 1.2;
/** The least share of a caller's failures that its source must have: counts of few requests differ by chance. */
const MIN_FAILURE_SHARE = 0.85;
/** Scrapes of two services are up to one interval apart. */
const MAX_SKEW_INTERVALS = 2;
/** Rates look back a few scrapes, so they reach 0 late. */
const DOWN_INTERVALS = 6;
/** The least error ratio, relative to the other entity's, at which start times can be compared. */
const MIN_TIMEABLE_SHARE = 0.5;
/** The smallest relevant change of an error ratio. */
const MIN_ERROR_RATIO = 0.01;
/** In standard deviations. */
const SIGNIFICANT = 3;

/**
 * Infers from counts which entities propagate the failures of which others. A failed request of a caller implies at
 * least one failed request of its callee, so no entity propagates more failures than its source has. If that holds in both
 * directions, the source is the entity with the higher error ratio (its callers also do other work), or that failed first, or
 * whose request rate rose (retries), or that had fewer failures in the baseline (a caller's include those of its callees).
 * @param shifts the anomalous series
 * @param series all series, since request counts that did not change are used as well
 * @param since the onset
 */
export function failurePropagation(
  shifts: readonly MetricShift[],
  series: readonly MetricSeries[],
  since: EpochMs,
): FailurePropagation {
  const all = failingOf(shifts, series, since);
  const failing = all.filter(({ errorRatio }) => errorRatio >= MIN_ERROR_RATIO).slice(0, MAX_COMPARED);
  const sources = new Map<string, string>();
  const indistinguishable = new Map<string, string>();
  for (const one of failing) {
    const candidates = failing.filter((other) => other !== one && mayPropagate(one, other));
    const [source] = candidates
      .filter((other) => !mayPropagate(other, one) || isSource(other, one))
      .sort((a, b) => b.errorRatio - a.errorRatio || compareText(a.entity, b.entity));
    const alike = candidates.find((other) => !isSource(other, one) && !isSource(one, other));
    if (source) sources.set(one.entity, source.entity);
    else if (alike) indistinguishable.set(one.entity, alike.entity);
  }
  const negligible = all.filter(({ errorRatio }) => errorRatio < MIN_ERROR_RATIO).map(({ entity }) => entity);
  return { sources, indistinguishable, negligible: new Set(negligible) };
}

/** Whether the source has enough failures, early enough, to explain those of the caller. */
function mayPropagate(caller: Failing, source: Failing): boolean {
  if (caller.isDown) return false;
  const enough =
    source.failureRate === undefined || caller.failureRate === undefined
      ? source.errorRatio >= MIN_FAILURE_SHARE * caller.errorRatio
      : source.failureRate >= MIN_FAILURE_SHARE * caller.failureRate;
  return enough && !isEarlier(caller, source);
}

/** Which of two that may propagate each other's failures is the source; the first criterion that differs decides. */
function isSource(source: Failing, caller: Failing): boolean {
  if (source.isDown !== caller.isDown) return source.isDown;
  if (source.errorRatio >= MIN_RATIO * caller.errorRatio) return true;
  if (caller.errorRatio >= MIN_RATIO * source.errorRatio) return false;
  if (isEarlier(source, caller)) return true;
  if (source.requestGrowth >= MIN_RATIO * caller.requestGrowth) return true;
  if (caller.requestGrowth >= MIN_RATIO * source.requestGrowth) return false;
  if (source.baselineFailures === undefined || caller.baselineFailures === undefined) return false;
  const difference = caller.baselineFailures - source.baselineFailures;
  return difference > SIGNIFICANT * Math.sqrt(caller.baselineFailures + source.baselineFailures);
}

function isEarlier(one: Failing, other: Failing): boolean {
  const skew = MAX_SKEW_INTERVALS * Math.max(one.interval, other.interval);
  return one.errorRatio >= MIN_TIMEABLE_SHARE * other.errorRatio && one.startedAt + skew <= other.startedAt;
}

/** One entry per entity, of its series with the highest error ratio; ordered by entity. */
function failingOf(
  shifts: readonly MetricShift[],
  series: readonly MetricSeries[],
  since: EpochMs,
): Failing[] {
  const byEntity = new Map<string, Failing>();
  for (const shift of shifts) {
    if (!FAILURE_ROLES.has(shift.role) || !isRatio(shift.series)) continue;
    const requests = series.find((each) => each.entity === shift.series.entity && countsRequests(each));
    const failing = measure(shift, requests, since);
    if (failing.errorRatio > (byEntity.get(failing.entity)?.errorRatio ?? -1)) {
      byEntity.set(failing.entity, failing);
    }
  }
  const failing = [...byEntity.values()];
  const stopped = failing.some(({ isDown }) => isDown) ? [] : stoppedEntities(series, byEntity, since);
  return [...failing, ...stopped].sort((a, b) => compareText(a.entity, b.entity));
}

/** Entities that counted requests up to the onset and none since: they may be down. */
function stoppedEntities(
  series: readonly MetricSeries[],
  failing: ReadonlyMap<string, Failing>,
  since: EpochMs,
): Failing[] {
  const end = series.reduce((last, { timestamps }) => Math.max(last, timestamps.at(-1) ?? 0), 0);
  return series.filter(countsRequests).flatMap((requests): Failing[] => {
    const { entity, timestamps, values } = requests;
    const interval = intervalOf(timestamps);
    const zeroBy = (timestamps[values.findLastIndex((value) => value > 0)] ?? 0) + DOWN_INTERVALS * interval;
    if (zeroBy < since || zeroBy >= end || failing.has(entity)) return [];
    const failureRate = meanBefore(requests, since);
    const unknown = { requestGrowth: 1, baselineFailures: undefined };
    return [{ entity, errorRatio: 1, failureRate, ...unknown, startedAt: since, interval, isDown: true }];
  });
}

/** @param requests the entity's request rate per second, if it is measured */
function measure(
  { series, role, normal }: MetricShift,
  requests: MetricSeries | undefined,
  since: EpochMs,
): Failing {
  const { timestamps, values, entity } = series;
  const interval = intervalOf(timestamps);
  const lastRequests = requests?.timestamps.at(-1) ?? 0;
  const isDown =
    role === 'availability' && lastRequests + DOWN_INTERVALS * interval < (timestamps.at(-1) ?? 0);
  const baselineRate = requests && meanBefore(requests, since);
  // An entity that is down does not count the requests sent to it.
  const rate = isDown ? baselineRate : requests && meanSince(requests, since);
  const rates = new Map(requests?.timestamps.map((timestamp, i) => [timestamp, requests.values[i] ?? 0]));
  const weights = timestamps.map((timestamp) => rates.get(timestamp) ?? rate ?? 1);
  const first = timestamps.findIndex((timestamp) => timestamp >= since);
  const split = first === -1 ? timestamps.length : first;
  const before = weightedMean(values.slice(0, split), weights.slice(0, split)) ?? normal;
  const after = weightedMean(values.slice(split), weights.slice(split)) ?? normal;
  const errorRatio = Math.max(0, role === 'availability' ? before - after : after - before);
  const half = values.findIndex((value, i) => i >= split && Math.abs(value - before) >= errorRatio / 2);
  const baselineSeconds = (since - (timestamps[0] ?? since)) / 1000;
  return {
    entity,
    errorRatio,
    failureRate: rate === undefined ? undefined : errorRatio * rate,
    requestGrowth:
      baselineRate !== undefined && baselineRate > 0 && rate !== undefined ? rate / baselineRate : 1,
    baselineFailures:
      baselineRate === undefined || role === 'availability'
        ? undefined
        : before * baselineRate * baselineSeconds,
    startedAt: timestamps[half] ?? since,
    interval,
    isDown,
  };
}

/** Undefined when the weights add up to 0. */
function weightedMean(values: readonly number[], weights: readonly number[]): number | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (!(total > 0)) return undefined;
  return values.reduce((sum, value, i) => sum + (weights[i] ?? 0) * value, 0) / total;
}

function intervalOf(timestamps: readonly EpochMs[]): number {
  return medianOf(timestamps.slice(1).map((timestamp, i) => timestamp - (timestamps[i] ?? timestamp)));
}

function meanBefore({ timestamps, values }: MetricSeries, split: EpochMs): number {
  return meanOf(values.filter((_, i) => (timestamps[i] ?? 0) < split));
}

function meanSince({ timestamps, values }: MetricSeries, split: EpochMs): number {
  return meanOf(values.filter((_, i) => (timestamps[i] ?? 0) >= split));
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
