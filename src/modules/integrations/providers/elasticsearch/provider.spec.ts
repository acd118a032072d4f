import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { missingOf, OUTSIDE, pulled, QUESTION, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { elasticsearch } from './provider.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = () => sample('elasticsearch', 'search');
});
afterEach(() => api.stop());

const connection = (config: object = {}) => ({
  config: { url: api.url, ...config },
  credentials: { apiKey: 'a2V5' },
});

it('searches by time and service, and reads dotted and nested fields', async () => {
  const answers = await pulled(elasticsearch, connection());
  expect(answers).toMatchObject([
    {
      type: 'log',
      query: expect.stringContaining('service.name: "checkout" or kubernetes.labels.app: "checkout"'),
    },
  ]);
  expect(rowsOf(answers).slice(0, 2)).toEqual([
    { timestamp: '2026-03-01T11:59:58.120Z', entity: 'checkout', message: 'connection pool exhausted', level: 'ERROR' },
    { timestamp: '2026-03-01T11:59:59.000Z', entity: 'checkout', message: 'order 17 placed', level: 'INFO' },
  ]); // prettier-ignore
  const [first] = api.requests;
  expect(first).toMatchObject({ path: '/logs-*/_search', headers: { authorization: 'ApiKey a2V5' } });
  expect(JSON.parse(first?.body ?? '')).toMatchObject({
    size: 1000,
    query: {
      bool: {
        filter: [
          { range: { '@timestamp': { gte: QUESTION.from.getTime(), format: 'epoch_millis' } } },
          { bool: { minimum_should_match: 1, should: expect.arrayContaining([{ match_phrase: { 'service.name': 'checkout' } }]) } },
        ],
      },
    },
  }); // prettier-ignore
  expect(api.requests).toHaveLength(9);
});

it('reports unread documents and failed shards', async () => {
  api.respond = () => ({
    ...(sample('elasticsearch', 'search') as object),
    _shards: { total: 2, failed: 1 },
  });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    'it searched only a part of its shards, or not to the end; lines may be missing.',
  ]);
  api.respond = () => ({
    hits: { total: { value: 5000, relation: 'eq' }, hits: [{ _source: { '@timestamp': 1, message: 'x' } }] },
  });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    'it has 45000 matching documents, of which 9 were read.',
  ]);
  api.respond = () => ({ hits: { total: { value: 0 }, hits: [] } });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    expect.stringMatching(/^there is no log line \(/),
  ]);
});

it('is probed by a search, and reports why it failed', async () => {
  await expect(elasticsearch.probe(connection({ index: 'app-logs' }), OUTSIDE)).resolves.toBeUndefined();
  expect(api.requests[0]?.path).toBe('/app-logs/_search');
  api.respond = (_, response) => { response.statusCode = 401; return sample('elasticsearch', 'unauthorized'); }; // prettier-ignore
  await expect(elasticsearch.probe(connection(), OUTSIDE)).rejects.toThrow(
    'Elasticsearch answered 401: the credentials do not allow this.',
  );
});
