import { median, theilSenSlope } from '../harness/statistics.mjs';

export const SAMPLE_SECONDS = 10;
/** The share at the start that is ignored: caches fill and code is compiled. */
const WARM_UP = 0.2;

/** The growth from start to end, as a share of the median, up to which a figure is flat. */
const FLAT = {
  'resident, MiB': 0.1,
  'heap, MiB': 0.2,
  'worker resident, MiB': 0.1,
  'worker heap, MiB': 0.2,
  'p50, ms': 0.25,
  'p99, ms': 0.25,
  connections: 0.1,
  'file handles': 0.1,
};
/** Limit of a minute's median latency: above it, alerts arrive faster than they are handled. */
const MAX_P50_MS = 1_000;
/** Limit of the relay backlog at the end, in seconds of events. */
const BACKLOG_SECONDS = 5;
const EVENTS_PER_ALERT = 3;

/** Per minute the minimum of memory, which is what a garbage collection left, and the median of everything else. */
function perMinute(samples) {
  const size = 60 / SAMPLE_SECONDS;
  const figures = [...Object.keys(FLAT), 'yardstick, ms'];
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, minute) => {
    const own = samples.slice(minute * size, (minute + 1) * size);
    const valuesOf = (figure) => own.map((sample) => sample[figure]);
    return Object.fromEntries(
      figures.map((figure) => [
        figure,
        figure.endsWith('MiB') ? Math.min(...valuesOf(figure)) : median(valuesOf(figure)),
      ]),
    );
  });
}

/** Judges which figures of a soak stayed flat. @returns [{ flat, text }] */
export function judge(samples, rate) {
  const minutes = perMinute(samples);
  const judged = minutes.slice(Math.floor(minutes.length * WARM_UP));
  const verdicts = Object.entries(FLAT).map(([figure, allowed]) => {
    const values = judged.map((each) => each[figure]);
    const slope = theilSenSlope(values);
    const growth = (slope * (values.length - 1)) / median(values);
    return {
      flat: growth <= allowed,
      text: `${figure}: median ${median(values).toFixed(1)}, ${(slope * 60).toFixed(2)} per hour, growth ${(growth * 100).toFixed(0)} % (at most ${allowed * 100} %)`,
    };
  });
  const slow = judged.filter((each) => each['p50, ms'] > MAX_P50_MS);
  verdicts.push({
    flat: slow.length === 0,
    text: `overloaded minutes (p50 above ${MAX_P50_MS} ms): ${slow.length} of ${judged.length}${yardsticks(slow, judged)}`,
  });
  const backlog = samples.at(-1)['relay backlog'];
  const maxBacklog = BACKLOG_SECONDS * EVENTS_PER_ALERT * rate;
  verdicts.push({
    flat: backlog <= maxBacklog,
    text: `relay backlog at the end: ${backlog.toLocaleString('en')} events (at most ${maxBacklog.toLocaleString('en')})`,
  });
  return verdicts;
}

/** The yardstick of the slow minutes and of all: whether the machine itself was slower. */
function yardsticks(slow, judged) {
  if (slow.length === 0) return '';
  const medianOf = (minutes) => median(minutes.map((each) => each['yardstick, ms'])).toFixed(1);
  return `, in which the yardstick took ${medianOf(slow)} ms (all: ${medianOf(judged)})`;
}
