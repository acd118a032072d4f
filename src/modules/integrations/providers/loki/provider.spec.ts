import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { missingOf, OUTSIDE, pulled, QUESTION, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { loki } from './provider.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = ({ query }) =>
    sample('loki', query.get('query')?.startsWith('{service_name="checkout"') ? 'query_range' : 'empty');
});
afterEach(() => api.stop());

const connection = (config: object = {}) => ({ config: { url: api.url, ...config }, credentials: {} });

it('reads the lines of the service, with a cap for each slice of the window', async () => {
  const answers = await pulled(loki, connection({ tenant: 'acme', environmentLabel: 'env' }));
  expect(missingOf(answers)).toEqual([]);
  expect(answers).toMatchObject([
    {
      type: 'log',
      query: expect.stringContaining('{service_name="checkout", env="production"} from 2026-03-01T11:00'),
    },
  ]);
  expect(rowsOf(answers).slice(0, 3)).toEqual([
    { timestamp: 1_772_366_400_000, entity: 'checkout', message: 'connection pool exhausted', level: 'error' },
    { timestamp: 1_772_366_401_500, entity: 'checkout', message: 'timeout after 2000 ms\nat Pool.acquire', level: 'error' },
    { timestamp: 1_772_366_399_000, entity: 'checkout', message: 'order 17 placed', level: 'info' },
  ]); // prettier-ignore
  const reads = api.requests.filter(({ query }) => query.get('limit') === '1000');
  expect(reads).toHaveLength(9);
  expect(reads.map(({ query }) => query.get('start'))).toContain('1772362800000000000');
  expect(api.requests.every(({ headers }) => headers['x-scope-orgid'] === 'acme')).toBe(true);
});

it('tries the labels in order, and reports when none has the service', async () => {
  const answers = await pulled(loki, connection({ serviceLabels: ['app', 'service_name'] }));
  expect(rowsOf(answers).length).toBeGreaterThan(0);
  expect(missingOf(await pulled(loki, connection(), { ...QUESTION, service: 'billing' }))).toEqual([
    expect.stringMatching(
      /^there is no line from .* whose service_name, service, app, job, container is billing\.$/,
    ),
  ]);
});

it('reports how many slices were truncated', async () => {
  const values = Array.from({ length: 1000 }, (_, at) => [
    `177236640${String(at).padStart(10, '0')}`,
    `line ${at}`,
  ]);
  api.respond = () => ({
    status: 'success',
    data: { resultType: 'streams', result: [{ stream: {}, values }] },
  });
  expect(missingOf(await pulled(loki, connection()))).toEqual([
    '9 of 9 parts of the window hold more than the 1000 lines that were read of each.',
  ]);
});

it('escapes a service name that contains quotes', async () => {
  await pulled(loki, connection(), { ...QUESTION, service: 'x"} |= "' });
  expect(api.requests[0]?.query.get('query')).toBe('{service_name="x\\"} |= \\""}');
});

it('is probed by its labels', async () => {
  api.respond = () => sample('loki', 'labels');
  await expect(loki.probe(connection(), OUTSIDE)).resolves.toBeUndefined();
  api.respond = () => ['app'];
  await expect(loki.probe(connection(), OUTSIDE)).rejects.toThrow('not like the HTTP API of Loki');
});
