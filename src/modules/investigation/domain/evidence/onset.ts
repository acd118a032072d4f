import { compareText } from '../compare-text.js';
import type { EvidenceSet } from './evidence-set.js';
import type { MetricSeries } from './metric-series.js';
import type { EpochMs } from './evidence.js';
import { errorOnsets } from '../logs/error-onset.js';
import { errorVolumeSeries } from '../logs/error-volume.js';
import { profileOf } from '../metrics/metric-profile.js';
import { ANOMALY_THRESHOLD, baselineOf, MIN_BASELINE_SAMPLES, robustZ } from '../metrics/robust-score.js';
import { sameService } from './service-name.js';

/** When the failure began, and what that estimate rests on. Plain JSON, stored with the run. */
export interface Onset {
  readonly at: EpochMs;
  /** `alert`: no evidence shows an earlier start, so it is the time of the alert. */
  readonly basis: 'metric' | 'log' | 'alert';
  readonly entity: string | null;
  readonly metric: string | null;
  readonly evidenceIds: readonly string[];
}

/** Share of the samples up to the alert that form the baseline window. */
const BASELINE_SHARE = 0.35;
/** Share of all series that look anomalous by chance. */
const FALSE_POSITIVE_SHARE = 0.02;
/** Share of the samples from a change point until the alert that must be anomalous. */
const SUSTAINED_SHARE = 0.8;
/** ms. Change points further apart are unrelated. */
const MAX_CHAIN_GAP = 15 * 60_000;

/**
 * The change point at which the failure began: the earliest sustained anomaly in any series up to the alert. Anomalous
 * means a robust z above 5 on the bad side, in two consecutive samples, against a baseline window of the first 35 % of
 * the samples; sustained means in at least four of five samples from then until the alert, so a spike that was over
 * earlier does not count. Error lines per minute are a series too; for a log too short for that, its first error counts.
 * Samples after the alert are never read: they may show the repair or its side effects.
 */
export function estimateOnset(
  evidence: EvidenceSet,
  { alertedAt, service }: { readonly alertedAt: EpochMs; readonly service: string | null },
): Onset {
  const logs = evidence.logsAround(alertedAt);
  const candidates = [
    ...evidence.series.map((series) => changePointOf(series, 'metric', alertedAt)),
    ...errorVolumeSeries(logs, alertedAt).map((series) => changePointOf(series, 'log', alertedAt)),
  ].filter((onset) => onset !== undefined);
  candidates.sort(
    (a, b) =>
      a.at - b.at ||
      compareText(a.entity ?? '', b.entity ?? '') ||
      compareText(a.metric ?? '', b.metric ?? ''),
  );
  const first = firstOfChain(candidates, service, Math.ceil(evidence.series.length * FALSE_POSITIVE_SHARE));
  if (first) return first;
  const onsets = errorOnsets(logs, alertedAt);
  const onset = onsets.find(({ entity }) => service !== null && sameService(entity, service)) ?? onsets[0];
  if (onset) return { ...onset, basis: 'log', metric: null };
  return { at: alertedAt, basis: 'alert', entity: null, metric: null, evidenceIds: [] };
}

/**
 * From the failing service's own change point back along change points that follow each other closely. When the failing
 * service has none, the chain starts at the earliest of all, provided that there are more than chance would produce.
 * @param onsets oldest first
 */
function firstOfChain(
  onsets: readonly Onset[],
  service: string | null,
  minWithoutOwn: number,
): Onset | undefined {
  const own = onsets.findIndex(
    ({ entity }) => service !== null && entity !== null && sameService(entity, service),
  );
  if (own === -1 && onsets.length < minWithoutOwn) return undefined;
  let first = Math.max(0, own);
  for (let i = first - 1; i >= 0; i -= 1) {
    const [earlier, later] = [onsets[i], onsets[first]];
    if (!earlier || !later || later.at - earlier.at > MAX_CHAIN_GAP) break;
    first = i;
  }
  return onsets[first];
}

function changePointOf(series: MetricSeries, basis: 'metric' | 'log', alertedAt: EpochMs): Onset | undefined {
  const length = countUntil(series.timestamps, alertedAt);
  const baselineLength = Math.floor(length * BASELINE_SHARE);
  if (baselineLength < MIN_BASELINE_SAMPLES) return undefined;
  const profile = profileOf(series.metric, series.unit);
  const baseline = baselineOf(series.values.slice(0, baselineLength), profile);
  if (!baseline) return undefined;
  const scores = series.values.slice(0, length).map((value) => robustZ(value, baseline, profile.direction));
  // Quantised noise has almost no spread, so its scores are large in the baseline window already.
  const threshold = scores.slice(0, baselineLength).reduce((max, z) => Math.max(max, z), ANOMALY_THRESHOLD);
  const anomalous = scores.slice(baselineLength).map((z) => z > threshold);
  let count = 0;
  let first: number | undefined;
  // From the end, so that one pass knows the share of anomalous samples after each sample.
  for (let i = anomalous.length - 2; i >= 0; i -= 1) {
    if (anomalous[i + 1]) count += 1;
    const remaining = anomalous.length - i;
    if (anomalous[i] && anomalous[i + 1] && count + 1 >= SUSTAINED_SHARE * remaining) first = i;
  }
  if (first === undefined) return undefined;
  return {
    at: series.timestamps[baselineLength + first] ?? alertedAt,
    basis,
    entity: series.entity,
    metric: series.metric,
    evidenceIds: series.evidenceIds,
  };
}

function countUntil(timestamps: readonly number[], limit: number): number {
  const after = timestamps.findIndex((timestamp) => timestamp > limit);
  return after === -1 ? timestamps.length : after;
}
