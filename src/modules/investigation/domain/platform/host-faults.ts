import type { MetricSeries } from '../evidence/evidence-set.js';
import type { EpochMs } from '../evidence/evidence.js';
import { separateWords } from '../metrics/metric-profile.js';
import { metricShift, type MetricShift } from '../metrics/metric-shift.js';

/** What machines, clocks and networks measure of themselves: no code of a service moves any of it. */
const OF_THE_HOST =
  /steal|\bntp\b|clock (?:offset|skew|drift)|packet loss|retrans|link (?:down|flap)|\bio errors?\b|interface errors?|crc errors?|disk errors?|\becc\b|(?:pods?|nodes?) evict|under replicated|spot interrupt|peer (?:rtt|latency)/;
/** Samples are a minute apart, and what they say arrives late. */
const TOLERANCE = 3 * 60_000;

/** Of these, what left normal no later than the trouble began. */
export function hostFaults(all: readonly MetricSeries[], onset: EpochMs): MetricShift[] {
  return (
    all
      .filter(({ metric }) => OF_THE_HOST.test(separateWords(metric)))
      // A clock that is behind is as wrong as one that is ahead.
      .map((series) => metricShift({ ...series, values: series.values.map(Math.abs) }, onset - TOLERANCE))
      .filter((shift) => shift !== undefined)
      .filter(({ shifted, at }) => shifted && at <= onset + TOLERANCE)
  );
}
