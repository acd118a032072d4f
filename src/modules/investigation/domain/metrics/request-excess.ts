import { compareText } from '../compare-text.js';
import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs } from '../evidence/evidence.js';
import { getOrAdd } from '../get-or-add.js';
import type { EntityExcess } from './excess-mass.js';
import { type MetricProfile, type MetricRole, profileOf } from './metric-profile.js';
import { metricShift } from './metric-shift.js';
import { baselineOf, medianOf } from './robust-score.js';
import { sameService } from '../evidence/service-name.js';

/** What the requests of a service suffer from. */
export type Symptom = 'latency' | 'failures';

const LATENCY_WORDS = /latenc|slow|duration|response.?time|\bp\d\d\b|delay/i;
const FAILURE_WORDS = /error|availab|fail|5xx|\b50\d\b|success|down\b/i;
export const FAILURE_ROLES: ReadonlySet<MetricRole> = new Set<MetricRole>(['availability', 'errors']);

/** The symptom that the alert names; if it names none or both, the more anomalous one in the alerting service's series. */
export function symptomOf(
  incident: { readonly title: string; readonly description: string; readonly service: string | null },
  series: readonly MetricSeries[],
  onsetAt: EpochMs,
): Symptom {
  const text = `${incident.title}\n${incident.description}`;
  const [slow, failing] = [LATENCY_WORDS.test(text), FAILURE_WORDS.test(text)];
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
  /** Sliding windows before the onset, as long as the time after it, and how many of them had at least as much excess. */
  readonly history: { readonly exceeding: number; readonly windows: number };
  /** False for percentiles, of which requests × latency is only an estimate. */
  readonly exact: boolean;
}

interface EntitySeries {
  readonly traffic: MetricSeries;
  readonly signal: MetricSeries;
  readonly profile: MetricProfile;
}

/** Only the median of the baseline window is used, for which one sample will do. */
const MIN_SAMPLES = 1;
/** Excess that the failing service has in more of its windows than this is usual. */
const MAX_FREQUENCY = 0.2;
/** Of windows in which the failing service and the suspect both have such excess: once in 2000. */
const MAX_JOINT_FREQUENCY = 0.0005;

/**
 * The excess of each entity that has both a request count and a series of the symptom: `requests(t) · max(0, deviation
 * of the series from its baseline median in the bad direction)`, for each t from the onset on.
 */
export function requestExcess(
  series: readonly MetricSeries[],
  symptom: Symptom,
  onsetAt: EpochMs,
): MeasuredExcess[] {
  const byEntity = new Map<string, MetricSeries[]>();
  for (const each of series) getOrAdd(byEntity, each.entity, () => []).push(each);
  return [...byEntity.values()].flatMap((own) => {
    const pair = pairOf(own, symptom);
    const measured = pair && measure(pair, onsetAt);
    return measured ? [measured] : [];
  });
}

function pairOf(own: readonly MetricSeries[], symptom: Symptom): EntitySeries | undefined {
  const profiled = own
    .map((signal) => ({ signal, profile: profileOf(signal.metric, signal.unit) }))
    .sort(
      (a, b) => preference(a.signal) - preference(b.signal) || compareText(a.signal.metric, b.signal.metric),
    );
  const traffic = profiled.find(({ signal }) => countsRequests(signal))?.signal;
  const role = symptom === 'latency' ? 'latency' : 'availability';
  const preferred = profiled.find(({ profile }) => profile.role === role);
  // Only error ratios can be multiplied by requests; error counts cannot.
  const errorRatio = profiled.find(({ profile, signal }) => profile.role === 'errors' && isRatio(signal));
  const found = preferred ?? (symptom === 'failures' ? errorRatio : undefined);
  return traffic && found ? { traffic, ...found } : undefined;
}

/** Lower is better. The mean × requests is the total latency; a percentile × requests is not. */
function preference({ metric }: MetricSeries): number {
  if (/av(?:g|erage)|mean|sum/i.test(metric)) return 0;
  return /p\d\d|max|min/i.test(metric) ? 2 : 1;
}

export function countsRequests({ metric, unit }: MetricSeries): boolean {
  return (
    profileOf(metric, unit).role === 'traffic' && /request|rps|qps|calls|invocation|hits|ops/i.test(metric)
  );
}

export function isRatio({ metric, unit }: MetricSeries): boolean {
  return /ratio|percent|pct|%|share/i.test(`${metric} ${unit ?? ''}`);
}

function measure({ traffic, signal, profile }: EntitySeries, onsetAt: EpochMs): MeasuredExcess | undefined {
  const split = signal.timestamps.findIndex((timestamp) => timestamp >= onsetAt);
  if (split < MIN_SAMPLES) return undefined;
  const baseline = baselineOf(signal.values.slice(0, split), profile);
  if (!baseline) return undefined;
  const requests = new Map(traffic.timestamps.map((timestamp, i) => [timestamp, traffic.values[i] ?? 0]));
  const usualRequests = medianOf(traffic.values);
  const excesses = signal.timestamps.map((timestamp, i) => {
    const difference = (signal.values[i] ?? baseline.median) - baseline.median;
    const deviation = profile.direction === 'down' ? -difference : difference;
    return Math.max(0, requests.get(timestamp) ?? usualRequests) * Math.max(0, deviation);
  });
  const excess = new Map<EpochMs, number>();
  for (let i = split; i < excesses.length; i += 1)
    excess.set(signal.timestamps[i] ?? onsetAt, excesses[i] ?? 0);
  // Without requests there is no excess, even if the signal was not measured. With requests and no signal it is unknown.
  const idle = traffic.timestamps.filter((timestamp, i) => timestamp >= onsetAt && traffic.values[i] === 0);
  for (const timestamp of idle) excess.set(timestamp, 0);
  return {
    entity: signal.entity,
    excess,
    history: historyOf(excesses, split),
    exact: preference(signal) < 2,
    evidenceIds: [...new Set([...signal.evidenceIds, ...traffic.evidenceIds])],
  };
}

/**
 * Whether the failing service and the suspect both have more excess than they sometimes did before. A bad hour of one
 * service alone proves little; bad hours of both at once are rarer.
 */
export function isUnusual(failing: MeasuredExcess, suspect: MeasuredExcess): boolean {
  if (failing.history.exceeding === 0 && suspect.history.exceeding === 0) return true;
  const frequency = frequencyOf(failing);
  return frequency <= MAX_FREQUENCY && frequency * frequencyOf(suspect) <= MAX_JOINT_FREQUENCY;
}

/** Smoothed by half a window, so that what was never seen in few windows is not taken for impossible. */
function frequencyOf({ history: { exceeding, windows } }: MeasuredExcess): number {
  return (exceeding + 0.5) / (windows + 1);
}

const MIN_WINDOWS = 5;

function historyOf(excesses: readonly number[], split: number): MeasuredExcess['history'] {
  const length = excesses.length - split;
  const current = excesses.slice(split).reduce((total, value) => total + value, 0);
  let windows = 0;
  let exceeding = 0;
  let sum = 0;
  for (let i = 0; i < split; i += 1) {
    sum += (excesses[i] ?? 0) - (i >= length ? (excesses[i - length] ?? 0) : 0);
    if (i < length - 1) continue;
    windows += 1;
    if (sum >= current) exceeding += 1;
  }
  // Too few windows show nothing about what is usual, so the excess counts as unusual.
  return windows < MIN_WINDOWS ? { exceeding: 0, windows: 0 } : { exceeding, windows };
}
