import { compareText } from '../compare-text.js';
import type { MetricSeries } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import type { MetricShift } from '../metrics/metric-shift.js';
import { countsRequests, FAILURE_ROLES, isShare } from '../metrics/request-excess.js';
import { medianOf } from '../metrics/robust-score.js';

/** What is seen of failures alone, where nobody knows who calls whom. */
export interface PassedOn {
  /** By entity the one whose failures it seems to pass on. */
  readonly from: ReadonlyMap<string, string>;
  /** By entity one that fails just as it does: either may pass on what the other does. */
  readonly like: ReadonlyMap<string, string>;
  /** Who, all in all, fails hardly more than before: a bad sample or two of few requests. */
  readonly hardly: ReadonlySet<string>;
}

interface Failing {
  readonly entity: string;
  /** Of its requests, beyond normal. */
  readonly share: number;
  /** Per second, beyond normal; undefined where nobody counts its requests. */
  readonly failed: number | undefined;
  /** Requests now, as a multiple of those before. */
  readonly asked: number;
  /** How many failed before, if that was counted. */
  readonly before: number | undefined;
  /** When half of that was reached. */
  readonly at: EpochMs;
  readonly step: number;
  /** Whether it answers nobody any more, which nobody else can make it do. */
  readonly gone: boolean;
}

/** Entities of which each is compared with each other one; who is quieter than so many hardly matters. */
export const MOST_COMPARED = 300;
/** How much more somebody must fail, or be asked, than whoever passes it on. */
const CLEARLY = 1.2;
/** Of the failures that are passed on: counts of few requests differ by chance. */
const NEARLY = 0.85;
/** Scrapes of two services lie up to one step apart. */
const STEPS_APART = 2;
/** Rates look back a few scrapes. */
const SILENT_STEPS = 6;
/** Of another one's share: when fewer requests than that began to fail is told by chance. */
const TIMEABLE = 0.5;
/** Of requests: the smallest change of an error ratio that matters. */
const NOTABLE = 0.01;
/** In standard deviations. */
const NOT_BY_CHANCE = 3;

/**
 * Who passes on whose failures, told by counts. A failed request of a caller takes at least one of whom it calls, so
 * nobody passes on more failures than the other one has. Of two that may be either way round, the one at the bottom
 * fails a larger share of its requests (its callers do other things too), or did so first, or is asked more often than
 * before (again), or failed less before (a caller's usual failures hold those of whom it calls).
 * @param series all of them: requests are counted where they did not change, too
 * @param since when the trouble began
 */
export function passedOn(
  shifts: readonly MetricShift[],
  series: readonly MetricSeries[],
  since: EpochMs,
): PassedOn {
  const all = failingOf(shifts, series, since);
  const failing = all.filter(({ share }) => share >= NOTABLE).slice(0, MOST_COMPARED);
  const from = new Map<string, string>();
  const like = new Map<string, string>();
  for (const one of failing) {
    const sources = failing.filter((other) => other !== one && mayComeFrom(one, other));
    const [source] = sources
      .filter((other) => !mayComeFrom(other, one) || isBelow(other, one))
      .sort((a, b) => b.share - a.share || compareText(a.entity, b.entity));
    const alike = sources.find((other) => !isBelow(other, one) && !isBelow(one, other));
    if (source) from.set(one.entity, source.entity);
    else if (alike) like.set(one.entity, alike.entity);
  }
  const hardly = all.filter(({ share }) => share < NOTABLE).map(({ entity }) => entity);
  return { from, like, hardly: new Set(hardly) };
}

function mayComeFrom(passing: Failing, source: Failing): boolean {
  if (passing.gone) return false;
  const enough =
    source.failed === undefined || passing.failed === undefined
      ? source.share >= NEARLY * passing.share
      : source.failed >= NEARLY * passing.failed;
  return enough && !isEarlier(passing, source);
}

function isBelow(source: Failing, passing: Failing): boolean {
  if (source.gone !== passing.gone) return source.gone;
  if (source.share >= CLEARLY * passing.share) return true;
  if (passing.share >= CLEARLY * source.share) return false;
  if (isEarlier(source, passing)) return true;
  if (source.asked >= CLEARLY * passing.asked) return true;
  if (passing.asked >= CLEARLY * source.asked) return false;
  if (source.before === undefined || passing.before === undefined) return false;
  return passing.before - source.before > NOT_BY_CHANCE * Math.sqrt(passing.before + source.before);
}

function isEarlier(one: Failing, other: Failing): boolean {
  return (
    one.share >= TIMEABLE * other.share && one.at + STEPS_APART * Math.max(one.step, other.step) <= other.at
  );
}

function failingOf(
  shifts: readonly MetricShift[],
  series: readonly MetricSeries[],
  since: EpochMs,
): Failing[] {
  const byEntity = new Map<string, Failing>();
  for (const shift of shifts) {
    if (!FAILURE_ROLES.has(shift.role) || !isShare(shift.series)) continue;
    const requests = series.find((each) => each.entity === shift.series.entity && countsRequests(each));
    const failing = measured(shift, requests, since);
    if (failing.share > (byEntity.get(failing.entity)?.share ?? -1)) byEntity.set(failing.entity, failing);
  }
  const failing = [...byEntity.values()];
  const fallenSilent = failing.some(({ gone }) => gone) ? [] : silent(series, byEntity, since);
  return [...failing, ...fallenSilent].sort((a, b) => compareText(a.entity, b.entity));
}

/** Who counted requests until the trouble began and none from then on may be gone. */
function silent(
  series: readonly MetricSeries[],
  failing: ReadonlyMap<string, Failing>,
  since: EpochMs,
): Failing[] {
  const end = series.reduce((last, { timestamps }) => Math.max(last, timestamps.at(-1) ?? 0), 0);
  return series.filter(countsRequests).flatMap(({ entity, timestamps, values }) => {
    const step = stepOf(timestamps);
    const last = timestamps[values.findLastIndex((value) => value > 0)] ?? 0;
    const ceased = last + SILENT_STEPS * step < end && last + SILENT_STEPS * step >= since;
    if (!ceased || failing.has(entity)) return [];
    const failed = meanOf(values.filter((_, i) => (timestamps[i] ?? 0) < since));
    return [{ entity, share: 1, failed, asked: 1, before: undefined, at: since, step, gone: true }];
  });
}

function measured(
  { series, role, normal }: MetricShift,
  requests: MetricSeries | undefined,
  since: EpochMs,
): Failing {
  const { timestamps, values, entity } = series;
  const asked = new Map(requests?.timestamps.map((timestamp, i) => [timestamp, requests.values[i] ?? 0]));
  const usually = requests && meanOf(requests.values.filter((_, i) => (requests.timestamps[i] ?? 0) < since));
  const step = stepOf(timestamps);
  const last = requests?.timestamps.at(-1) ?? 0;
  const gone = role === 'availability' && last + SILENT_STEPS * step < (timestamps.at(-1) ?? 0);
  // Who is gone counts none of those that ask.
  const rate = gone
    ? usually
    : requests && meanOf(requests.values.filter((_, i) => (requests.timestamps[i] ?? 0) >= since));
  const shareOf = (isIn: (timestamp: EpochMs) => boolean) => {
    const seen = timestamps.flatMap((timestamp, i) =>
      isIn(timestamp) ? [{ value: values[i] ?? 0, weight: asked.get(timestamp) ?? rate ?? 1 }] : [],
    );
    const all = seen.reduce((sum, { weight }) => sum + weight, 0);
    return all > 0 ? seen.reduce((sum, { value, weight }) => sum + weight * value, 0) / all : normal;
  };
  const [before, after] = [shareOf((t) => t < since), shareOf((t) => t >= since)];
  const share = Math.max(0, role === 'availability' ? before - after : after - before);
  const half = timestamps.findIndex(
    (t, i) => t >= since && Math.abs((values[i] ?? before) - before) >= share / 2,
  );
  const seconds = (since - (timestamps[0] ?? since)) / 1000;
  return {
    entity,
    share,
    failed: rate === undefined ? undefined : share * rate,
    asked: usually !== undefined && usually > 0 && rate !== undefined ? rate / usually : 1,
    before: usually === undefined || role === 'availability' ? undefined : before * usually * seconds,
    at: timestamps[half] ?? since,
    step,
    gone,
  };
}

function stepOf(timestamps: readonly EpochMs[]): number {
  return medianOf(timestamps.slice(1).map((timestamp, i) => timestamp - (timestamps[i] ?? timestamp)));
}

function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
