import type { EvidenceQuestion, PulledRow } from '../../api.js';
import { authorization } from '../http-login.js';
import { JsonSource } from '../json-source.js';
import {
  type Connection,
  ProviderError,
  type Outside,
  type Provider,
  type SourceAnswer,
} from '../provider.js';
import { listOf, numberOf, objectOf, textOf } from '../read-json.js';
import { isoRange, type Slice, slicesOf } from '../window-slices.js';
import {
  DEFAULT_INDEX, DEFAULT_LEVEL_FIELD, DEFAULT_MESSAGE_FIELD, DEFAULT_SERVICE_FIELDS, DEFAULT_TIME_FIELD,
  ElasticsearchConfig, ElasticsearchCredentials,
} from './config.js'; // prettier-ignore

type Elasticsearch = Connection<ElasticsearchConfig, ElasticsearchCredentials>;

const NAME = 'Elasticsearch';
const SLICES = 9;
const MAX_LINES_OF_SLICE = 1_000;
/** All slices are read concurrently. */
const MAX_BYTES_OF_SLICE = 4 * 1024 * 1024;
const MAX_LINE = 4_000;

export const elasticsearch: Provider<ElasticsearchConfig, ElasticsearchCredentials> = {
  provider: 'elasticsearch',
  displayName: 'Elasticsearch',
  category: 'logs',
  capabilities: ['evidence'],
  authType: 'login',
  config: ElasticsearchConfig,
  credentials: ElasticsearchCredentials,
  setupGuide: [
    'Elasticsearch 7.10 or newer, or OpenSearch.',
    '',
    '1. Create an API key with the privilege `read` on the indices, and enter its encoded form as `apiKey`. `username` and `password` work too.',
    '2. The fields default to the Elastic Common Schema: `@timestamp`, `message`, `log.level`, `service.name`.',
  ].join('\n'),

  async probe(connection, outside) {
    const { config } = connection;
    const answer = await sourceOf(connection, outside).post(searchPath(config), {
      size: 0,
      terminate_after: 1,
    });
    if (objectOf(answer)['hits'] === undefined)
      throw new ProviderError('The URL responds, but not like the search API of Elasticsearch.');
  },

  evidence: { pull },
};

function sourceOf(
  { config, credentials }: Elasticsearch,
  { http }: Outside,
  signal?: AbortSignal,
): JsonSource {
  const { apiKey } = credentials;
  const headers = apiKey === undefined ? authorization(credentials) : { authorization: `ApiKey ${apiKey}` };
  return new JsonSource({
    name: NAME,
    url: config.url,
    headers,
    http,
    signal,
    maxBytes: MAX_BYTES_OF_SLICE,
  });
}

function searchPath({ index = DEFAULT_INDEX }: ElasticsearchConfig): string {
  return `/${encodeURIComponent(index)}/_search?ignore_unavailable=true`;
}

async function* pull(
  connection: Elasticsearch,
  question: EvidenceQuestion,
  outside: Outside,
  signal: AbortSignal,
): AsyncGenerator<SourceAnswer> {
  const { config } = connection;
  const { service } = question;
  if (service === null) {
    yield { missing: 'the incident names no service, so it is not known whose logs to read.' };
    return;
  }
  const source = sourceOf(connection, outside, signal);
  const fields = config.serviceFields ?? DEFAULT_SERVICE_FIELDS;
  const found = await Promise.all(
    slicesOf(question, SLICES).map(async (slice) => {
      const body = searchOf(config, fields, service, slice);
      return answerOf(await source.post(searchPath(config), body), config, service);
    }),
  );
  const rows = found.flatMap((each) => each.rows);
  const total = found.reduce((sum, each) => sum + each.total, 0);
  const search = `${fields.map((field) => `${field}: ${JSON.stringify(service)}`).join(' or ')} in ${config.index ?? DEFAULT_INDEX} ${isoRange(question)}`;
  if (rows.length > 0) yield { type: 'log', query: search, rows };
  else yield { missing: `there is no log line (${search}).` };
  if (total > rows.length && rows.length > 0)
    yield { missing: `it has ${total} matching documents, of which ${rows.length} were read.` };
  if (found.some(({ partial }) => partial))
    yield { missing: 'it searched only a part of its shards, or not to the end; lines may be missing.' };
}

function searchOf(
  {
    timeField = DEFAULT_TIME_FIELD,
    messageField = DEFAULT_MESSAGE_FIELD,
    levelField = DEFAULT_LEVEL_FIELD,
  }: ElasticsearchConfig,
  fields: readonly string[],
  service: string,
  { start, end }: Slice,
): object {
  return {
    size: MAX_LINES_OF_SLICE,
    timeout: '5s',
    track_total_hits: true,
    sort: [{ [timeField]: { order: 'asc', unmapped_type: 'date' } }],
    _source: [timeField, messageField, levelField],
    query: {
      bool: {
        filter: [
          { range: { [timeField]: { gte: start, lt: end, format: 'epoch_millis' } } },
          // A phrase matches the whole name in keyword fields and in text fields.
          {
            bool: {
              should: fields.map((field) => ({ match_phrase: { [field]: service } })),
              minimum_should_match: 1,
            },
          },
        ],
      },
    },
  };
}

function answerOf(
  answer: unknown,
  {
    timeField = DEFAULT_TIME_FIELD,
    messageField = DEFAULT_MESSAGE_FIELD,
    levelField = DEFAULT_LEVEL_FIELD,
  }: ElasticsearchConfig,
  entity: string,
): { rows: PulledRow[]; total: number; partial: boolean } {
  const hits = objectOf(objectOf(answer)['hits']);
  const rows = listOf(hits['hits']).flatMap((hit): PulledRow[] => {
    const document = objectOf(objectOf(hit)['_source']);
    const [time, message, severity] = [timeField, messageField, levelField].map((field) =>
      fieldOf(document, field),
    );
    const timestamp = textOf(time) ?? numberOf(time);
    const line = textOf(message);
    const level = textOf(severity);
    if (timestamp === undefined || line === undefined) return [];
    return [{ timestamp, entity, message: line.slice(0, MAX_LINE), ...(level !== undefined && { level }) }];
  });
  const shards = objectOf(objectOf(answer)['_shards']);
  return {
    rows,
    total: numberOf(objectOf(hits['total'])['value']) ?? rows.length,
    partial: objectOf(answer)['timed_out'] === true || (numberOf(shards['failed']) ?? 0) > 0,
  };
}

/** `log.level` may be one key or a nested object. */
function fieldOf(document: Readonly<Record<string, unknown>>, field: string): unknown {
  if (document[field] !== undefined) return document[field];
  return field.split('.').reduce<unknown>((value, part) => objectOf(value)[part], document);
}
