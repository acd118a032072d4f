import type { EvidenceQuestion } from '../../api.js';
import { ProviderError, type SourceAnswer } from '../provider.js';
import { type PrometheusApi, type Range, type Sample, seconds, type Series } from './prometheus-api.js';
import { textOf } from '../read-json.js';
import type { MetricQuery } from './queries.js';
import type { Pulse } from './services.js';

const AT_ONCE = 6;
/** Limit of one query for one entity. */
const MAX_INSTANCES = 12;
/** The resolution is finer around the alert than long before it. */
const NEAR_SECONDS = 600;
const NEAR_POINTS = 240;
const FAR_POINTS = 100;

/** The services whose series are read: one by name, or many that are distinguished by a label. */
export type Entity = { readonly name: string } | { readonly label: string };

/**
 * Coarse steps long before the alert, fine ones around it; never finer than the scrape interval, and not before the first scrape.
 * @param share of the points that a single series would get
 */
export function rangesOf(
  { from, alertedAt, to }: EvidenceQuestion,
  { interval, since }: Pulse,
  share = 1,
): Range[] {
  const [start, end] = [Math.max(seconds(from), since ?? 0), seconds(to)];
  const near = Math.max(start, Math.min(end, seconds(alertedAt)) - NEAR_SECONDS);
  const far = { start, end: near - 1, step: stepOf(near - start, FAR_POINTS * share, interval) };
  return [
    ...(far.end > far.start ? [far] : []),
    { start: near, end, step: stepOf(end - near, NEAR_POINTS * share, interval) },
  ];
}

function stepOf(span: number, points: number, interval: number): number {
  return Math.max(interval, Math.ceil(span / points));
}

/** A few queries at a time; each result is yielded as it arrives. */
export async function* readAll(
  api: PrometheusApi,
  entity: Entity,
  queries: readonly MetricQuery[],
  ranges: readonly Range[],
): AsyncGenerator<SourceAnswer> {
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const few = queries.slice(at, at + AT_ONCE);
    for (const answers of await Promise.all(few.map((query) => read(api, entity, query, ranges))))
      yield* answers;
  }
}

/** One metric over all ranges. A query that fails is reported as missing; the others continue. */
async function read(
  api: PrometheusApi,
  entity: Entity,
  { metric, query, unit, isRequired }: MetricQuery,
  ranges: readonly Range[],
): Promise<SourceAnswer[]> {
  const queried = `${query} from ${when(ranges[0]?.start)} to ${when(ranges.at(-1)?.end)}`;
  try {
    const parts = (await Promise.all(ranges.map((range) => api.range(query, range)))).flat();
    const answers: SourceAnswer[] = [];
    for (const [name, its] of perEntity(parts, entity)) {
      const series = joined(its);
      for (const { instance, samples } of series.slice(0, MAX_INSTANCES)) {
        const about = { entity: name, metric, ...(unit && { unit }), ...(series.length > 1 && { instance }) };
        const rows = samples.map((sample) => ({ ...sample, ...about }));
        answers.push({ type: 'metric', query: queried, rows });
      }
      if (series.length > MAX_INSTANCES)
        answers.push({
          missing: `${metric} has ${series.length} series, of which ${MAX_INSTANCES} were read.`,
        });
    }
    if (answers.length === 0 && isRequired)
      answers.push({ missing: `${metric} has no samples (${queried}).` });
    return answers;
  } catch (error) {
    if (error instanceof ProviderError) return [{ missing: error.message }];
    throw error;
  }
}

function perEntity(parts: readonly Series[], entity: Entity): Map<string, Series[]> {
  const byName = new Map<string, Series[]>();
  for (const part of parts.filter(({ samples }) => samples.length > 0)) {
    const name = 'name' in entity ? entity.name : textOf(part.labels[entity.label]);
    if (name !== undefined) byName.set(name, [...(byName.get(name) ?? []), part]);
  }
  return byName;
}

/** The ranges of one series, concatenated. */
function joined(parts: readonly Series[]): { instance: string; samples: Sample[] }[] {
  const byLabels = new Map<string, Sample[]>();
  for (const { labels, samples } of parts) {
    const instance = Object.values(labels).filter((label) => typeof label === 'string').join(' '); // prettier-ignore
    byLabels.set(instance, [...(byLabels.get(instance) ?? []), ...samples]);
  }
  return [...byLabels].map(([instance, samples]) => ({ instance, samples }));
}

function when(epochSeconds = 0): string {
  return new Date(epochSeconds * 1000).toISOString();
}
