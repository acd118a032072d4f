import { compareText } from '../compare-text.js';
import type { EvidenceSet, MetricSeries } from './evidence-set.js';
import type { EpochMs } from './evidence.js';
import { errorStarts } from '../logs/error-start.js';
import { errorVolumeSeries } from '../logs/error-volume.js';
import { profileOf } from '../metrics/metric-profile.js';
import { baselineOf, DEPARTURE, FEWEST_NORMAL_SAMPLES, robustZ } from '../metrics/robust-score.js';
import { sameService } from './service-name.js';

/** When the trouble began, and how that is known. Plain JSON. */
export interface Onset {
  readonly at: EpochMs;
  /** `alert`: nothing attached shows an earlier start, so the alert's own time stands in. */
  readonly basis: 'metric' | 'log' | 'alert';
  readonly entity: string | null;
  readonly metric: string | null;
  readonly evidenceIds: readonly string[];
}

/** The first part of the window is taken for normal. */
const NORMAL_SHARE = 0.35;
/** Of many series some look odd at any time. */
const BY_CHANCE = 0.02;
/** Of the samples from the onset until the alert. */
const LASTING = 0.8;
/** What left normal longer before the next departure has nothing to do with it. */
const CHAIN_GAP = 15 * 60_000;

/**
 * The earliest lasting departure from normal in any series up to the alert: robust z above 5 on the bad side in two
 * consecutive samples, against the first 35 % of the samples, and still there in at least four of five samples from
 * then until the alert (a spike that was over before is another story). Error lines per minute count as a series, and a
 * log too short for that still tells when its first error came.
 * What came after the alert is never looked at: it may be the remedy or the damage.
 */
export function estimateOnset(
  evidence: EvidenceSet,
  { alertedAt, service }: { readonly alertedAt: EpochMs; readonly service: string | null },
): Onset {
  const logs = evidence.logsAround(alertedAt);
  const candidates = [
    ...evidence.series.map((series) => onsetOf(series, 'metric', alertedAt)),
    ...errorVolumeSeries(logs, alertedAt).map((series) => onsetOf(series, 'log', alertedAt)),
  ].filter((onset) => onset !== undefined);
  candidates.sort(
    (a, b) =>
      a.at - b.at ||
      compareText(a.entity ?? '', b.entity ?? '') ||
      compareText(a.metric ?? '', b.metric ?? ''),
  );
  const first = firstOfChain(candidates, service, Math.ceil(evidence.series.length * BY_CHANCE));
  if (first) return first;
  const starts = errorStarts(logs, alertedAt);
  const start = starts.find(({ entity }) => service !== null && sameService(entity, service)) ?? starts[0];
  if (start) return { ...start, basis: 'log', metric: null };
  return { at: alertedAt, basis: 'alert', entity: null, metric: null, evidenceIds: [] };
}

/**
 * From the failing service's own first departure back along departures that follow each other closely. `onsets` are
 * oldest first. Without a departure of the failing service any may be the one that matters, if there are more than chance
 * makes of so many series.
 */
function firstOfChain(
  onsets: readonly Onset[],
  service: string | null,
  fewestOthers: number,
): Onset | undefined {
  const own = onsets.findIndex(
    ({ entity }) => service !== null && entity !== null && sameService(entity, service),
  );
  if (own === -1 && onsets.length < fewestOthers) return undefined;
  let first = Math.max(0, own);
  for (let i = first - 1; i >= 0; i -= 1) {
    const [earlier, later] = [onsets[i], onsets[first]];
    if (!earlier || !later || later.at - earlier.at > CHAIN_GAP) break;
    first = i;
  }
  return onsets[first];
}

function onsetOf(series: MetricSeries, basis: 'metric' | 'log', alertedAt: EpochMs): Onset | undefined {
  const known = countUntil(series.timestamps, alertedAt);
  const normal = Math.floor(known * NORMAL_SHARE);
  if (normal < FEWEST_NORMAL_SAMPLES) return undefined;
  const profile = profileOf(series.metric, series.unit);
  const baseline = baselineOf(series.values.slice(0, normal), profile);
  if (!baseline) return undefined;
  // Noise that comes in few, coarse values has next to no spread, yet it does not leave its own range.
  const usual = series.values.slice(0, normal).map((value) => robustZ(value, baseline, profile.direction));
  const limit = usual.reduce((most, z) => Math.max(most, z), DEPARTURE);
  const departed = series.values
    .slice(normal, known)
    .map((value) => robustZ(value, baseline, profile.direction) > limit);
  let lasting = 0;
  let first: number | undefined;
  // From the end, so that the share still departed is known at each sample in one pass.
  for (let i = departed.length - 2; i >= 0; i -= 1) {
    if (departed[i + 1]) lasting += 1;
    const remaining = departed.length - i;
    if (departed[i] && departed[i + 1] && lasting + 1 >= LASTING * remaining) first = i;
  }
  if (first === undefined) return undefined;
  return {
    at: series.timestamps[normal + first] ?? alertedAt,
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
