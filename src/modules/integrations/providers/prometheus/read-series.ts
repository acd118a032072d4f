import type { EvidenceQuestion } from '../../api.js';
import { NoAnswer, type SourceAnswer } from '../provider.js';
import { type PrometheusApi, type Range, type Sample, seconds, type Series } from './prometheus-api.js';
import type { MetricQuery } from './queries.js';
import type { Pulse } from './services.js';

const AT_ONCE = 6;
/** Of one query. */
const MOST_INSTANCES = 12;
/** Around the alert a finer look is taken than long before it. */
const NEAR_SECONDS = 600;
const NEAR_POINTS = 240;
const FAR_POINTS = 100;

/** Coarse long before the alert, fine around it; never finer than the scrapes, nor from before the first of them. */
export function rangesOf({ from, alertedAt, to }: EvidenceQuestion, { interval, since }: Pulse): Range[] {
  const [start, end] = [Math.max(seconds(from), since ?? 0), seconds(to)];
  const near = Math.max(start, Math.min(end, seconds(alertedAt)) - NEAR_SECONDS);
  const far = { start, end: near - 1, step: stepOf(near - start, FAR_POINTS, interval) };
  return [
    ...(far.end > far.start ? [far] : []),
    { start: near, end, step: stepOf(end - near, NEAR_POINTS, interval) },
  ];
}

function stepOf(span: number, points: number, interval: number): number {
  return Math.max(interval, Math.ceil(span / points));
}

/** A few at once, each told as it comes in. */
export async function* readAll(
  api: PrometheusApi,
  entity: string,
  queries: readonly MetricQuery[],
  ranges: readonly Range[],
): AsyncGenerator<SourceAnswer> {
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const few = queries.slice(at, at + AT_ONCE);
    for (const answers of await Promise.all(few.map((query) => read(api, entity, query, ranges))))
      yield* answers;
  }
}

/** One metric over all ranges. A query that fails is told, and the others go on. */
async function read(
  api: PrometheusApi,
  entity: string,
  { metric, query, unit, isRequired }: MetricQuery,
  ranges: readonly Range[],
): Promise<SourceAnswer[]> {
  const asked = `${query} from ${when(ranges[0]?.start)} to ${when(ranges.at(-1)?.end)}`;
  try {
    const series = joined((await Promise.all(ranges.map((range) => api.range(query, range)))).flat());
    const answers = series.slice(0, MOST_INSTANCES).map(({ instance, samples }): SourceAnswer => {
      const about = { entity, metric, ...(unit && { unit }), ...(series.length > 1 && { instance }) };
      return { type: 'metric', query: asked, rows: samples.map((sample) => ({ ...sample, ...about })) };
    });
    if (series.length > MOST_INSTANCES)
      answers.push({
        missing: `${metric} has ${series.length} series, of which ${MOST_INSTANCES} were read.`,
      });
    if (series.length === 0 && isRequired) answers.push({ missing: `${metric} has no samples (${asked}).` });
    return answers;
  } catch (error) {
    if (error instanceof NoAnswer) return [{ missing: error.message }];
    throw error;
  }
}

/** The ranges of one series, put together. */
function joined(parts: readonly Series[]): { instance: string; samples: Sample[] }[] {
  const byLabels = new Map<string, Sample[]>();
  for (const { labels, samples } of parts) {
    if (samples.length === 0) continue;
    const instance = Object.values(labels).filter((label) => typeof label === 'string').join(' '); // prettier-ignore
    byLabels.set(instance, [...(byLabels.get(instance) ?? []), ...samples]);
  }
  return [...byLabels].map(([instance, samples]) => ({ instance, samples }));
}

function when(epochSeconds = 0): string {
  return new Date(epochSeconds * 1000).toISOString();
}
