import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { missingOf, OUTSIDE, pulled, QUESTION, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { elasticsearch } from './provider.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.answering = () => sample('elasticsearch', 'search');
});
afterEach(() => api.stop());

const connection = (config: object = {}) => ({
  config: { url: api.url, ...config },
  credentials: { apiKey: 'a2V5' },
});

it('searches by time and service, and reads fields however they are nested', async () => {
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

it('says what it did not read, and that shards failed', async () => {
  api.answering = () => ({
    ...(sample('elasticsearch', 'search') as object),
    _shards: { total: 2, failed: 1 },
  });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    'it searched only a part of its shards, or not to the end; lines may be missing.',
  ]);
  api.answering = () => ({
    hits: { total: { value: 5000, relation: 'eq' }, hits: [{ _source: { '@timestamp': 1, message: 'x' } }] },
  });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    'it has 45000 matching documents, of which 9 were read.',
  ]);
  api.answering = () => ({ hits: { total: { value: 0 }, hits: [] } });
  expect(missingOf(await pulled(elasticsearch, connection()))).toEqual([
    expect.stringMatching(/^there is no log line \(/),
  ]);
});

it('is probed by a search, and the reason of a refusal is told', async () => {
  await expect(elasticsearch.probe(connection({ index: 'app-logs' }), OUTSIDE)).resolves.toBeUndefined();
  expect(api.requests[0]?.path).toBe('/app-logs/_search');
  api.answering = (_, response) => { response.statusCode = 401; return sample('elasticsearch', 'unauthorized'); }; // prettier-ignore
  await expect(elasticsearch.probe(connection(), OUTSIDE)).rejects.toThrow(
    'Elasticsearch answered 401: the credentials do not allow this.',
  );
});
