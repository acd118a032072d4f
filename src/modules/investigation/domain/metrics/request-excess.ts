import { compareText } from '../compare-text.js';
import type { MetricSeries } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import type { EntityExcess } from './excess-mass.js';
import { type MetricProfile, type MetricRole, profileOf } from './metric-profile.js';
import { metricShift } from './metric-shift.js';
import { baselineOf, medianOf } from './robust-score.js';
import { sameService } from '../evidence/service-name.js';

/** What requests can suffer from. */
export type Suffering = 'latency' | 'failures';

const SLOW = /latenc|slow|duration|response.?time|\bp\d\d\b|delay/i;
const FAILING = /error|availab|fail|5xx|\b50\d\b|success|down\b/i;
export const FAILURE_ROLES: ReadonlySet<MetricRole> = new Set<MetricRole>(['availability', 'errors']);

/** What the alert complains about; where it does not say, what the failing service's own series show more of. */
export function sufferingOf(
  incident: { readonly title: string; readonly description: string; readonly service: string | null },
  series: readonly MetricSeries[],
  onsetAt: EpochMs,
): Suffering {
  const text = `${incident.title}\n${incident.description}`;
  const [slow, failing] = [SLOW.test(text), FAILING.test(text)];
  if (slow !== failing) return slow ? 'latency' : 'failures';
  const worst = { latency: 0, failures: 0 };
  for (const each of series) {
    if (incident.service === null || !sameService(each.entity, incident.service)) continue;
    const shift = metricShift(each, onsetAt);
    if (!shift) continue;
    if (shift.role === 'latency') worst.latency = Math.max(worst.latency, shift.score);
    else if (FAILURE_ROLES.has(shift.role)) worst.failures = Math.max(worst.failures, shift.score);
  }
  return worst.failures > worst.latency ? 'failures' : 'latency';
}

export interface MeasuredExcess extends EntityExcess {
  readonly evidenceIds: readonly string[];
  /** In how many of the equally long windows before the onset there was as much of it. */
  readonly before: { readonly asMuch: number; readonly windows: number };
  /** Whether it was measured; of a percentile it is a guess. */
  readonly exact: boolean;
}

interface EntitySeries {
  readonly traffic: MetricSeries;
  readonly signal: MetricSeries;
  readonly profile: MetricProfile;
}

const FEWEST_NORMAL_SAMPLES = 1;
/** As much at the failing service is everyday life, whoever it comes from. */
const OFTEN = 0.2;
/** Of both at once: rarer than once in 2000 windows. */
const RARE_TOGETHER = 0.0005;

/**
 * Per entity that has both a request count and a signal of suffering: `requests(t) · max(0, how much worse than its
 * median before the onset)`, from the onset on. One median is robust enough to need a single normal sample.
 */
export function requestExcess(
  series: readonly MetricSeries[],
  suffering: Suffering,
  onsetAt: EpochMs,
): MeasuredExcess[] {
  const byEntity = new Map<string, MetricSeries[]>();
  for (const each of series) getOrAdd(byEntity, each.entity, () => []).push(each);
  return [...byEntity.values()].flatMap((own) => {
    const pair = pairOf(own, suffering);
    const measured = pair && measure(pair, onsetAt);
    return measured ? [measured] : [];
  });
}

function pairOf(own: readonly MetricSeries[], suffering: Suffering): EntitySeries | undefined {
  const profiled = own
    .map((signal) => ({ signal, profile: profileOf(signal.metric, signal.unit) }))
    .sort(
      (a, b) => preference(a.signal) - preference(b.signal) || compareText(a.signal.metric, b.signal.metric),
    );
  const traffic = profiled.find(({ signal }) => countsRequests(signal))?.signal;
  const worse = profiled.find(({ profile }) =>
    suffering === 'latency' ? profile.role === 'latency' : profile.role === 'availability',
  );
  // Counts of errors are no share of requests, so ratios only.
  const failed = profiled.find(({ profile, signal }) => profile.role === 'errors' && isShare(signal));
  const found = worse ?? (suffering === 'failures' ? failed : undefined);
  return traffic && found ? { traffic, ...found } : undefined;
}

/** A mean times the requests is all that was waited; a percentile is not. */
function preference({ metric }: MetricSeries): number {
  if (/av(?:g|erage)|mean|sum/i.test(metric)) return 0;
  return /p\d\d|max|min/i.test(metric) ? 2 : 1;
}

export function countsRequests(series: MetricSeries): boolean {
  return profileOf(series.metric, series.unit).role === 'traffic' && isRequests(series);
}

function isRequests({ metric }: MetricSeries): boolean {
  return /request|rps|qps|calls|invocation|hits|ops/i.test(metric);
}

export function isShare({ metric, unit }: MetricSeries): boolean {
  return /ratio|percent|pct|%|share/i.test(`${metric} ${unit ?? ''}`);
}

function measure({ traffic, signal, profile }: EntitySeries, onsetAt: EpochMs): MeasuredExcess | undefined {
  const after = signal.timestamps.findIndex((timestamp) => timestamp >= onsetAt);
  if (after < FEWEST_NORMAL_SAMPLES) return undefined;
  const baseline = baselineOf(signal.values.slice(0, after), profile);
  if (!baseline) return undefined;
  const requests = new Map(traffic.timestamps.map((timestamp, i) => [timestamp, traffic.values[i] ?? 0]));
  const usual = medianOf(traffic.values);
  const suffered = signal.timestamps.map((timestamp, i) => {
    const difference = (signal.values[i] ?? baseline.median) - baseline.median;
    const worse = profile.direction === 'down' ? -difference : difference;
    return Math.max(0, requests.get(timestamp) ?? usual) * Math.max(0, worse);
  });
  const excess = new Map<EpochMs, number>();
  for (let i = after; i < suffered.length; i += 1)
    excess.set(signal.timestamps[i] ?? onsetAt, suffered[i] ?? 0);
  // Who was asked and of whom no answer was measured may have suffered; who was not asked has not.
  const idle = traffic.timestamps.filter((timestamp, i) => timestamp >= onsetAt && traffic.values[i] === 0);
  for (const timestamp of idle) excess.set(timestamp, 0);
  return {
    entity: signal.entity,
    excess,
    before: earlierWindows(suffered, after),
    exact: preference(signal) < 2,
    evidenceIds: [...new Set([...signal.evidenceIds, ...traffic.evidenceIds])],
  };
}

/**
 * Whether the failing service suffers more than it sometimes did before, and so does whoever causes most of it. Of one
 * service alone a bad hour proves little; of two that have to do with each other it does.
 */
export function areUnusual(failing: MeasuredExcess, worst: MeasuredExcess): boolean {
  if (failing.before.asMuch === 0 && worst.before.asMuch === 0) return true;
  return shareOf(failing) <= OFTEN && shareOf(failing) * shareOf(worst) <= RARE_TOGETHER;
}

/** What was never seen in few windows may yet be seen: half a window more than was counted. */
function shareOf({ before: { asMuch, windows } }: MeasuredExcess): number {
  return (asMuch + 0.5) / (windows + 1);
}

const FEWEST_WINDOWS = 5;

function earlierWindows(suffered: readonly number[], after: number): MeasuredExcess['before'] {
  const length = suffered.length - after;
  const now = suffered.slice(after).reduce((total, value) => total + value, 0);
  let windows = 0;
  let asMuch = 0;
  let sum = 0;
  for (let i = 0; i < after; i += 1) {
    sum += (suffered[i] ?? 0) - (i >= length ? (suffered[i - length] ?? 0) : 0);
    if (i < length - 1) continue;
    windows += 1;
    if (sum >= now) asMuch += 1;
  }
  // Too little before to know what is usual: then what is seen is taken at its face.
  return windows < FEWEST_WINDOWS ? { asMuch: 0, windows: 0 } : { asMuch, windows };
}
