import type { MetricSeries } from '../evidence/metric-series.js';
import type { EpochMs } from '../evidence/evidence.js';
import { separateWords } from '../metrics/metric-profile.js';
import { metricShift, type MetricShift } from '../metrics/metric-shift.js';

/** Metrics of machines, clocks and networks, which the code of a service does not influence. */
const HOST_METRIC =
  /steal|\bntp\b|clock (?:offset|skew|drift)|packet loss|retrans|link (?:down|flap)|\bio errors?\b|interface errors?|crc errors?|disk errors?|\becc\b|(?:pods?|nodes?) evict|under replicated|spot interrupt|peer (?:rtt|latency)/;
/** Milliseconds. Samples are a minute apart and arrive late. */
const TOLERANCE = 3 * 60_000;

/** Host metrics that became abnormal no later than the onset. */
export function hostFaults(all: readonly MetricSeries[], onset: EpochMs): MetricShift[] {
  return (
    all
      .filter(({ metric }) => HOST_METRIC.test(separateWords(metric)))
      // A negative clock offset is as bad as a positive one.
      .map((series) => metricShift({ ...series, values: series.values.map(Math.abs) }, onset - TOLERANCE))
      .filter((shift) => shift !== undefined)
      .filter(({ shifted, at }) => shifted && at <= onset + TOLERANCE)
  );
}
