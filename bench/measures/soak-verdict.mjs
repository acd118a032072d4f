import { median } from '../harness/statistics.mjs';
import { slopeOf } from '../harness/trend.mjs';

export const SAMPLE_SECONDS = 10;
/** The beginning, in which caches fill and code is compiled, says nothing about the rest. */
const WARM_UP = 0.2;

/** By how much of its median a figure may grow from the beginning of the watch to its end, to be called flat. */
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
/** What half of a minute's alerts may take: where it is longer, they come faster than they are served. */
const SERVED_WITHIN_MS = 1_000;
/** So many seconds of events may wait for the relay at the end. */
const BACKLOG_SECONDS = 5;

/** Of a minute the memory that was left when it was collected, and the median of everything else. */
function inMinutes(samples) {
  const size = 60 / SAMPLE_SECONDS;
  const figures = [...Object.keys(FLAT), 'yardstick, ms'];
  return Array.from({ length: Math.ceil(samples.length / size) }, (_, minute) => {
    const some = samples.slice(minute * size, (minute + 1) * size);
    const of = (figure) => some.map((each) => each[figure]);
    return Object.fromEntries(
      figures.map((figure) => [
        figure,
        figure.endsWith('MiB') ? Math.min(...of(figure)) : median(of(figure)),
      ]),
    );
  });
}

/** What of a soak's samples was flat, and what was not. @returns [{ flat, text }] */
export function judge(samples, rate) {
  const minutes = inMinutes(samples);
  const kept = minutes.slice(Math.floor(minutes.length * WARM_UP));
  const verdicts = Object.entries(FLAT).map(([figure, allowed]) => {
    const values = kept.map((each) => each[figure]);
    const slope = slopeOf(values);
    const growth = (slope * (values.length - 1)) / median(values);
    const anHour = slope * 60;
    return {
      flat: growth <= allowed,
      text: `${figure}: median ${median(values).toFixed(1)}, ${anHour.toFixed(2)} an hour, ${(growth * 100).toFixed(0)} % over the watch (at most ${allowed * 100} %)`,
    };
  });
  const late = kept.filter((each) => each['p50, ms'] > SERVED_WITHIN_MS);
  verdicts.push({
    flat: late.length === 0,
    text: `minutes in which it could not keep up (p50 above ${SERVED_WITHIN_MS} ms): ${late.length} of ${kept.length}${aboutThe(late, kept)}`,
  });
  const backlog = samples.at(-1)['relay backlog'];
  const most = BACKLOG_SECONDS * 3 * rate;
  verdicts.push({
    flat: backlog <= most,
    text: `relay backlog at the end: ${backlog.toLocaleString('en')} events (at most ${most.toLocaleString('en')})`,
  });
  return verdicts;
}

/** How slow the machine itself was then. */
function aboutThe(late, kept) {
  if (late.length === 0) return '';
  const took = (minutes) => median(minutes.map((each) => each['yardstick, ms'])).toFixed(1);
  return `, in which the yardstick took ${took(late)} ms (all: ${took(kept)})`;
}
