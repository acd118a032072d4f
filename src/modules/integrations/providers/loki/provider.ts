import type { EvidenceQuestion, PulledRow } from '../../api.js';
import { authorization, HttpLogin } from '../http-login.js';
import { JsonSource } from '../json-source.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { listOf, objectOf, textOf } from '../read-json.js';
import { isoRange, type Slice, slicesOf } from '../window-slices.js';
import { DEFAULT_SERVICE_LABELS, LokiConfig } from './config.js';

type Loki = Connection<LokiConfig, HttpLogin>;

const NAME = 'Loki';
const SLICES = 9;
const MAX_LINES_OF_SLICE = 1_000;
/** All slices are read concurrently. */
const MAX_BYTES_OF_SLICE = 4 * 1024 * 1024;
const MAX_LINE = 4_000;
const LEVEL_LABELS = ['level', 'detected_level', 'severity'];

export const loki: Provider<LokiConfig, HttpLogin> = {
  provider: 'loki',
  displayName: 'Grafana Loki',
  category: 'logs',
  capabilities: ['evidence'],
  authType: 'login',
  config: LokiConfig,
  credentials: HttpLogin,
  setupGuide: [
    '1. `url` is the base URL, without `/loki/api/v1/query_range`. `tenant` is required with `auth_enabled`.',
    '2. `serviceLabels` are the labels that may contain the name of a service, in order of preference.',
    '3. Credentials may be empty, a `bearerToken`, or `username` and `password`. Read access is enough.',
  ].join('\n'),

  async probe(connection, outside) {
    const answer = objectOf(await sourceOf(connection, outside).get('/loki/api/v1/labels'));
    if (answer['status'] !== 'success')
      throw new ProviderError('The URL responds, but not like the HTTP API of Loki.');
  },

  evidence: { pull },
};

function sourceOf({ config, credentials }: Loki, { http }: Outside, signal?: AbortSignal): JsonSource {
  const { url, tenant } = config;
  const headers = { ...authorization(credentials), ...(tenant !== undefined && { 'x-scope-orgid': tenant }) };
  return new JsonSource({ name: NAME, url, headers, http, signal, maxBytes: MAX_BYTES_OF_SLICE });
}

async function* pull(
  connection: Loki,
  question: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const { service } = question;
  if (service === null) {
    yield { missing: 'the incident names no service, so it is not known whose logs to read.' };
    return;
  }
  const source = sourceOf(connection, outside, signal);
  const labels = connection.config.serviceLabels ?? DEFAULT_SERVICE_LABELS;
  const selector = await locate(labels, connection.config, question, source);
  if (selector === undefined) {
    yield { missing: `there is no line ${isoRange(question)} whose ${labels.join(', ')} is ${service}.` };
    return;
  }
  const slices = slicesOf(question, SLICES);
  const read = await Promise.all(
    slices.map((slice) => linesOf(source, selector, slice, MAX_LINES_OF_SLICE, service)),
  );
  yield { type: 'log', query: `${selector} ${isoRange(question)}`, rows: read.flat() };
  const full = read.filter((rows) => rows.length >= MAX_LINES_OF_SLICE).length;
  if (full > 0)
    yield {
      missing: `${full} of ${SLICES} parts of the window hold more than the ${MAX_LINES_OF_SLICE} lines that were read of each.`,
    };
}

/** By the first label that names the service. */
async function locate(
  labels: readonly string[],
  { environmentLabel }: LokiConfig,
  question: EvidenceQuestion,
  source: JsonSource,
): Promise<string | undefined> {
  const { service, environment, from, to } = question;
  const within =
    environmentLabel !== undefined && environment !== null
      ? `, ${environmentLabel}=${JSON.stringify(environment)}`
      : '';
  const whole = { start: from.getTime(), end: to.getTime() + 1 };
  for (const label of labels) {
    const selector = `{${label}=${JSON.stringify(service)}${within}}`;
    if ((await linesOf(source, selector, whole, 1, '')).length > 0) return selector;
  }
  return undefined;
}

async function linesOf(
  source: JsonSource,
  selector: string,
  { start, end }: Slice,
  limit: number,
  entity: string,
): Promise<PulledRow[]> {
  const answer = await source.get('/loki/api/v1/query_range', [
    ['query', selector],
    ['start', `${start}000000`],
    ['end', `${end}000000`],
    ['limit', String(limit)],
    ['direction', 'forward'],
  ]);
  const streams = listOf(objectOf(objectOf(answer)['data'])['result']);
  return streams.flatMap((entry) => {
    const stream = objectOf(objectOf(entry)['stream']);
    const level = LEVEL_LABELS.map((label) => textOf(stream[label])).find((text) => text !== undefined);
    return listOf(objectOf(entry)['values']).flatMap((pair): PulledRow[] => {
      const [at, line] = [textOf(listOf(pair)[0]), textOf(listOf(pair)[1])];
      if (at === undefined || !/^\d{16,20}$/.test(at) || line === undefined) return [];
      const timestamp = Number(at.slice(0, -6));
      return [{ timestamp, entity, message: line.slice(0, MAX_LINE), ...(level !== undefined && { level }) }];
    });
  });
}
