import type { EvidenceQuestion } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import { JsonSource } from '../json-source.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { PrometheusConfig, type PrometheusQuery } from './config.js';
import { PrometheusApi } from './prometheus-api.js';
import { filledIn, queriesFor, quoted } from './queries.js';
import { rangesOf, readAll } from './read-series.js';
import {
  labelsOf,
  metricNames,
  pulseOf,
  type Candidates,
  candidatesOf,
  USUAL_SCRAPE_SECONDS,
} from './services.js';

type Prometheus = Connection<PrometheusConfig, HttpLogin>;

const NAME = 'Prometheus';
/** Of the service of the incident. */
const MAX_SERIES = 60;
/** Of all services together: metrics of each, and points that these may have. */
const TOGETHER = { series: 240, fewest: 6, points: 20_000 };
const POINTS_OF_ONE = 340;
/** Among more services than this, most are unrelated to the incident. */
const MAX_NEIGHBOURS = 40;

export const prometheus: Provider<PrometheusConfig, HttpLogin> = {
  provider: 'prometheus',
  displayName: 'Prometheus',
  category: 'metrics',
  capabilities: ['evidence'],
  authType: 'login',
  config: PrometheusConfig,
  credentials: HttpLogin,
  setupGuide: [
    'Works with everything that has the HTTP API of Prometheus: Prometheus, Thanos, Mimir, VictoriaMetrics.',
    '',
    '1. `url` is the base URL, without `/api/v1/query`.',
    '2. `serviceLabels` are the labels that may contain the name of a service, in order of preference.',
    '3. Credentials may be empty, a `bearerToken`, or `username` and `password`. Read access is enough.',
    '4. Without `queries`, CauseFlow discovers the metrics of the incident’s service and reads them.',
  ].join('\n'),

  async probe(connection, outside) {
    if ((await apiOf(connection, outside).version()) === undefined)
      throw new ProviderError('The URL responds, but not like the HTTP API of Prometheus.');
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
  if (config.queries && config.queries.length > 0) {
    yield* readConfigured(config.queries, question, api);
    return;
  }
  const { service } = question;
  const candidates = await candidatesOf(api, config, question);
  if (service === null)
    yield { missing: 'the incident names no service, so it is not known whose metrics matter.' };
  else if (candidates?.own !== service && !candidates?.within.includes(`=${quoted(service)}`))
    yield { missing: `there is no metric whose ${labelsOf(config).join(', ')} is ${service}.` };
  if (!candidates) return;

  const { own, others } = candidates;
  const areFew = others.length <= MAX_NEIGHBOURS;
  if (!areFew)
    yield {
      missing: `it watches ${others.length} ${own ? 'other ' : ''}services, of which none was read.`,
    };
  const read =
    areFew && others.length > 0 ? yield* readTogether(candidates, question, api) : new Set<string>();
  if (own !== null) yield* readService(candidates, own, read, question, api);
}

/** The most informative metrics of all services, one query for each. @returns the names of the metrics read */
async function* readTogether(
  { label, within, own, others }: Candidates,
  question: EvidenceQuestion,
  api: PrometheusApi,
): AsyncGenerator<SourceAnswer, ReadonlySet<string>> {
  const matchers = `${label}!=""${within}`;
  const names = await metricNames(api, matchers, question.to);
  const pulse = await pulseOf(api, matchers, names, question.to);
  const services = others.length + (own === null ? 0 : 1);
  const metricsOfEach = Math.max(TOGETHER.fewest, Math.floor(TOGETHER.series / services));
  const all = queriesFor(names, { matchers, label, rate: `${4 * pulse.interval}s` });
  const queries = all.slice(0, Math.min(metricsOfEach, MAX_SERIES));
  const share = Math.min(1, TOGETHER.points / (services * queries.length * POINTS_OF_ONE));
  yield* readAll(api, { label }, queries, rangesOf(question, pulse, share));
  return new Set(queries.map(({ metric }) => metric));
}

/** The remaining metrics of a service. */
async function* readService(
  { label, within }: Candidates,
  service: string,
  read: ReadonlySet<string>,
  question: EvidenceQuestion,
  api: PrometheusApi,
): AsyncGenerator<SourceAnswer> {
  const matchers = `${label}=${quoted(service)}${within}`;
  const names = await metricNames(api, matchers, question.to);
  const pulse = await pulseOf(api, matchers, names, question.to);
  const queries = queriesFor(names, { matchers, rate: `${4 * pulse.interval}s` });
  const more = queries.filter(({ metric }) => !read.has(metric));
  yield* readAll(api, { name: service }, more.slice(0, MAX_SERIES), rangesOf(question, pulse));
  if (more.length > MAX_SERIES)
    yield {
      missing: `${service} has ${queries.length} metrics, of which ${queries.length - more.length + MAX_SERIES} were read.`,
    };
}

async function* readConfigured(
  configured: readonly PrometheusQuery[],
  question: EvidenceQuestion,
  api: PrometheusApi,
): AsyncGenerator<SourceAnswer> {
  const { service, environment } = question;
  if (service === null) {
    yield { missing: 'the incident names no service, so its queries cannot be filled in.' };
    return;
  }
  const values = { service, environment: environment ?? '', rate: `${4 * USUAL_SCRAPE_SECONDS}s` };
  const queries = configured.map(({ metric, query, unit }) => ({
    metric,
    query: filledIn(query, values),
    ...(unit !== undefined && { unit }),
    isRequired: true,
  }));
  yield* readAll(api, { name: service }, queries, rangesOf(question, { interval: USUAL_SCRAPE_SECONDS }));
}
