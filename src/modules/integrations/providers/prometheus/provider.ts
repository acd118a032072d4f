import type { EvidenceQuestion } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import { JsonSource } from '../json-source.js';
import { type Connection, NoAnswer, type Outside, type Provider, type SourceAnswer } from '../provider.js';
import { PrometheusConfig, type PrometheusQuery } from './config.js';
import { PrometheusApi } from './prometheus-api.js';
import { filledIn, queriesFor } from './queries.js';
import { rangesOf, readAll } from './read-series.js';
import {
  labelsOf, matchersOf, metricNames, type Place, placesOf, pulseOf, servicesAt, USUAL_SCRAPE_SECONDS,
} from './services.js'; // prettier-ignore

type Prometheus = Connection<PrometheusConfig, HttpLogin>;

const NAME = 'Prometheus';
/** Of the service of the incident, and of each of its neighbours. */
const MOST_SERIES = 60;
const MOST_SERIES_OF_NEIGHBOUR = 12;
/** Among more services than these, most have nothing to do with the incident. */
const MOST_NEIGHBOURS = 7;

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
  const { service, to } = question;
  if (config.queries && config.queries.length > 0) {
    yield* readConfigured(config.queries, question, api);
    return;
  }
  const places = placesOf(config, question);
  const own = service === null ? undefined : await locate(places, service, question, api);
  if (own && service !== null) yield* readService(own, service, MOST_SERIES, question, api);
  else if (service === null)
    yield { missing: 'the incident names no service, so it is not known whose metrics matter.' };
  else yield { missing: `there is no metric whose ${labelsOf(config).join(', ')} is ${service}.` };

  for (const place of own ? [own] : places) {
    const others = (await servicesAt(api, place, to)).filter((name) => name !== service);
    if (others.length > MOST_NEIGHBOURS) {
      yield {
        missing: `it watches ${others.length} ${own ? 'other ' : ''}services, of which none was read.`,
      };
      return;
    }
    for (const other of others) yield* readService(place, other, MOST_SERIES_OF_NEIGHBOUR, question, api);
    if (others.length > 0) return;
  }
}

/** By the first label that names the service. */
async function locate(
  places: readonly Place[],
  service: string,
  { to }: EvidenceQuestion,
  api: PrometheusApi,
): Promise<Place | undefined> {
  for (const place of places)
    if ((await metricNames(api, matchersOf(place, service), to)).size > 0) return place;
  return undefined;
}

async function* readService(
  place: Place,
  service: string,
  most: number,
  question: EvidenceQuestion,
  api: PrometheusApi,
): AsyncGenerator<SourceAnswer> {
  const matchers = matchersOf(place, service);
  const pulse = await pulseOf(api, matchers, question.to);
  const names = await metricNames(api, matchers, question.to);
  const queries = queriesFor(names, { matchers, rate: `${4 * pulse.interval}s` });
  yield* readAll(api, service, queries.slice(0, most), rangesOf(question, pulse));
  if (queries.length > most && service === question.service)
    yield { missing: `${service} has ${queries.length} metrics, of which ${most} were read.` };
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
  yield* readAll(api, service, queries, rangesOf(question, { interval: USUAL_SCRAPE_SECONDS }));
}
