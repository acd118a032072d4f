import type { EvidenceQuestion } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import { JsonSource } from '../json-source.js';
import { type Connection, NoAnswer, type Outside, type Provider, type SourceAnswer } from '../provider.js';
import { textOf } from '../read-json.js';
import { DEFAULT_SERVICE_LABELS, PrometheusConfig } from './config.js';
import { PrometheusApi, type Range, type Sample } from './prometheus-api.js';
import { filledIn, type MetricQuery, queriesFor, quoted } from './queries.js';

type Prometheus = Connection<PrometheusConfig, HttpLogin>;

const NAME = 'Prometheus';
/** Of the service of the incident, and of each of its neighbours. */
const MOST_SERIES = 60;
const MOST_SERIES_OF_NEIGHBOUR = 12;
/** Of one configured query. */
const MOST_INSTANCES = 12;
/** Of more services than these, one that has nothing to do with the incident would be read rather than one that has. */
const MOST_NEIGHBOURS = 7;
const AT_ONCE = 6;
/** Around the alert a finer look is taken than long before it. */
const NEAR_SECONDS = 600;
const NEAR_POINTS = 240;
const FAR_POINTS = 100;
const USUAL_SCRAPE_SECONDS = 15;

export const prometheus: Provider<PrometheusConfig, HttpLogin> = {
  provider: 'prometheus',
  displayName: 'Prometheus',
  category: 'metrics',
  capabilities: ['evidence'],
  authType: 'login',
  config: PrometheusConfig,
  credentials: HttpLogin,
  setupGuide: [
    'Anything that speaks the HTTP API of Prometheus will do: Prometheus itself, Thanos, Mimir, VictoriaMetrics.',
    '',
    '1. `url` is where `/api/v1/query` is found, without that path.',
    '2. `serviceLabels` are the labels that may hold the name of a service, the best first.',
    '3. Credentials may be empty, a `bearerToken`, or `username` and `password`. Reading is all that is needed.',
    '4. Without `queries`, CauseFlow finds out which metrics the service of an incident has and reads them.',
  ].join('\n'),

  async probe(connection, outside) {
    if ((await apiOf(connection, outside).version()) === undefined)
      throw new NoAnswer('The address answers, but not as the HTTP API of Prometheus does.');
  },

  evidence: {
    pull: (connection, question, outside, signal) =>
      pull(connection, question, apiOf(connection, outside, signal)),
  },
};

function apiOf({ config, credentials }: Prometheus, { http }: Outside, signal?: AbortSignal): PrometheusApi {
  return new PrometheusApi(
    new JsonSource({
      name: NAME,
      url: config.url,
      headers: authorization(credentials),
      http,
      signal,
    }),
  );
}

async function* pull(
  { config }: Prometheus,
  question: EvidenceQuestion,
  api: PrometheusApi,
): AsyncGenerator<SourceAnswer> {
  const { service } = question;
  if (service === null) {
    yield { missing: 'the incident names no service, so it is not known whose metrics to read.' };
    return;
  }
  if (config.queries && config.queries.length > 0) {
    const rate = `${4 * USUAL_SCRAPE_SECONDS}s`;
    const values = { service, environment: question.environment ?? '', rate };
    const queries = config.queries.map((each) => ({
      metric: each.metric,
      query: filledIn(each.query, values),
      ...(each.unit !== undefined && { unit: each.unit }),
      isRequired: true,
    }));
    yield* readAll(api, service, queries, rangesOf(question, USUAL_SCRAPE_SECONDS));
    return;
  }
  const found = await locate(config, question, api);
  if (!found) {
    yield { missing: `there is no metric whose ${labelsOf(config).join(', ')} is ${service}.` };
    return;
  }
  yield* readService(api, found, service, question, MOST_SERIES);
  const neighbours = (await namesakes(api, found, question)).filter((name) => name !== service);
  if (neighbours.length > MOST_NEIGHBOURS) {
    yield { missing: `it watches ${neighbours.length} other services, of which none was read.` };
    return;
  }
  for (const neighbour of neighbours)
    yield* readService(api, found, neighbour, question, MOST_SERIES_OF_NEIGHBOUR);
}

/** Where services stand in this Prometheus. */
interface Place {
  readonly label: string;
  /** Further matchers, such as of the environment. */
  readonly within: string;
}

function labelsOf({ serviceLabels }: PrometheusConfig): readonly string[] {
  return serviceLabels ?? DEFAULT_SERVICE_LABELS;
}

/** The first label that names the service. */
async function locate(
  config: PrometheusConfig,
  question: EvidenceQuestion,
  api: PrometheusApi,
): Promise<Place | undefined> {
  const { environmentLabel } = config;
  const { environment } = question;
  const within =
    environmentLabel !== undefined && environment !== null
      ? `,${environmentLabel}=${quoted(environment)}`
      : '';
  for (const label of labelsOf(config)) {
    const place = { label, within };
    if ((await metricNames(api, place, question.service ?? '', question)).size > 0) return place;
  }
  return undefined;
}

async function metricNames(
  api: PrometheusApi,
  place: Place,
  service: string,
  { to }: EvidenceQuestion,
): Promise<Set<string>> {
  const answer = await api.now(`count by (__name__) ({${matchers(place, service)}})`, seconds(to));
  return new Set(answer.flatMap(({ labels }) => textOf(labels['__name__']) ?? []));
}

/** Every service that is scraped, by name. */
async function namesakes(
  api: PrometheusApi,
  { label, within }: Place,
  { to }: EvidenceQuestion,
): Promise<string[]> {
  const answer = await api.now(`count by (${label}) (up{${label}!=""${within}})`, seconds(to));
  return answer.flatMap(({ labels }) => textOf(labels[label]) ?? []).sort();
}

async function* readService(
  api: PrometheusApi,
  place: Place,
  service: string,
  question: EvidenceQuestion,
  most: number,
): AsyncGenerator<SourceAnswer> {
  const scope = matchers(place, service);
  const interval = await scrapeInterval(api, scope, question);
  const names = await metricNames(api, place, service, question);
  const queries = queriesFor(names, { matchers: scope, rate: `${4 * interval}s` });
  yield* readAll(api, service, queries.slice(0, most), rangesOf(question, interval));
  if (queries.length > most && service === question.service)
    yield { missing: `${service} has ${queries.length} metrics, of which ${most} were read.` };
}

/** How far apart its samples are, in whole seconds. */
async function scrapeInterval(api: PrometheusApi, scope: string, { to }: EvidenceQuestion): Promise<number> {
  const samples = await api.raw(`up{${scope}}[5m]`, seconds(to));
  const gaps = samples.slice(1).map(({ timestamp }, at) => timestamp - (samples[at]?.timestamp ?? timestamp));
  const middle = gaps.sort((a, b) => a - b)[Math.floor(gaps.length / 2)];
  return middle === undefined ? USUAL_SCRAPE_SECONDS : Math.min(300, Math.max(1, Math.round(middle / 1000)));
}

/** A few at once, each told as it comes in. What has one fault or no answer is told, the others go on. */
async function* readAll(
  api: PrometheusApi,
  service: string,
  queries: readonly MetricQuery[],
  ranges: readonly Range[],
): AsyncGenerator<SourceAnswer> {
  for (let at = 0; at < queries.length; at += AT_ONCE) {
    const few = queries.slice(at, at + AT_ONCE);
    for (const answers of await Promise.all(few.map((query) => read(api, service, query, ranges))))
      yield* answers;
  }
}

/** One metric over both ranges. A query that fails is told, and the others go on. */
async function read(
  api: PrometheusApi,
  service: string,
  { metric, query, unit, isRequired }: MetricQuery,
  ranges: readonly Range[],
): Promise<SourceAnswer[]> {
  const asked = `${query} from ${when(ranges[0]?.start)} to ${when(ranges.at(-1)?.end)}`;
  try {
    const series = joined((await Promise.all(ranges.map((range) => api.range(query, range)))).flat());
    const answers = series.slice(0, MOST_INSTANCES).map(({ instance, samples }): SourceAnswer => {
      const about = {
        entity: service,
        metric,
        ...(unit && { unit }),
        ...(series.length > 1 && { instance }),
      };
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
function joined(
  parts: Awaited<ReturnType<PrometheusApi['range']>>,
): { instance: string; samples: Sample[] }[] {
  const byLabels = new Map<string, Sample[]>();
  for (const { labels, samples } of parts) {
    if (samples.length === 0) continue;
    const instance = Object.values(labels).filter((label) => typeof label === 'string').join(' '); // prettier-ignore
    byLabels.set(instance, [...(byLabels.get(instance) ?? []), ...samples]);
  }
  return [...byLabels].map(([instance, samples]) => ({ instance, samples }));
}

/** Coarse long before the alert, fine around it. */
function rangesOf({ from, alertedAt, to }: EvidenceQuestion, interval: number): Range[] {
  const [start, end] = [seconds(from), seconds(to)];
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

function matchers({ label, within }: Place, service: string): string {
  return `${label}=${quoted(service)}${within}`;
}

function seconds(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}

function when(epochSeconds = 0): string {
  return new Date(epochSeconds * 1000).toISOString();
}
