import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { missingOf, OUTSIDE, pulled, QUESTION, RecordedApi, rowsOf, sample } from '../recorded.fixture.js';
import { prometheus } from './provider.js';
import { filledIn, queriesFor } from './queries.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
  api.respond = ({ path, query }) => {
    const promql = query.get('query') ?? '';
    if (path.endsWith('/query_range')) return sample('prometheus', 'range');
    if (path.endsWith('/job/values')) return sample('prometheus', 'jobs');
    if (path.endsWith('/values')) return sample('prometheus', 'no-values');
    if (promql.startsWith('up{')) return sample('prometheus', 'raw');
    return sample('prometheus', promql.startsWith('count by (__name__)') ? 'names' : 'none');
  };
});
afterEach(() => api.stop());

const connection = (config: object = {}) => ({ config: { url: api.url, ...config }, credentials: {} });

describe('without configured queries', () => {
  it('finds the label with the service’s name and reads its metrics, without NaN', async () => {
    const answers = await pulled(prometheus, connection());
    expect(missingOf(answers)).toEqual([]);
    const metrics = new Set(rowsOf(answers).map(({ metric }) => metric));
    expect([...metrics]).toEqual([
      'availability', 'cpu_usage', 'memory_usage', 'http_requests_rate', 'http_requests_error_ratio',
      'http_request_duration_seconds_mean', 'http_request_duration_seconds_p95', 'db_pool_in_use',
    ]); // prettier-ignore
    const [first] = answers;
    expect(first).toMatchObject({
      type: 'metric',
      query: expect.stringMatching(
        /^avg\(up\{job="checkout"\}\) from 2026-03-01T11:00:00.000Z to 2026-03-01T12:10:00/,
      ),
    });
    const row = { entity: 'checkout', metric: 'availability', unit: 'ratio' };
    // The far and the near range answered the same sample.
    expect(rowsOf(answers.slice(0, 1)).slice(0, 2)).toEqual([
      { ...row, timestamp: 1_772_366_400_000, value: 0.5 },
      { ...row, timestamp: 1_772_366_430_500, value: 0.75 },
    ]);
  });

  it('uses a rate window of four scrapes and a step of at least one', async () => {
    await pulled(prometheus, connection());
    const ranges = api.requests.filter(({ path }) => path.endsWith('/query_range'));
    expect(ranges.some(({ query }) => query.get('query')?.includes('[120s]'))).toBe(true);
    for (const { query } of ranges) {
      const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(query.get(name))) as [
        number,
        number,
        number,
      ];
      expect(step).toBeGreaterThanOrEqual(30);
      expect((end - start) / step).toBeLessThanOrEqual(240);
    }
  });

  it('reports an unknown or missing service, and reads the few existing ones', async () => {
    for (const [service, sentence] of [
      [
        'billing',
        'there is no metric whose service, service_name, app, application, component, container, job is billing.',
      ],
      [null, 'the incident names no service, so it is not known whose metrics matter.'],
    ] as const) {
      const answers = await pulled(prometheus, connection(), { ...QUESTION, service });
      expect(missingOf(answers)).toEqual([sentence]);
      expect(new Set(rowsOf(answers).map(({ entity }) => entity))).toEqual(new Set(['checkout']));
    }
  });

  it('reads neighbouring services too, with one query per metric', async () => {
    const respond = api.respond;
    api.respond = (request, response) => {
      if (request.path.endsWith('/job/values')) return { status: 'success', data: ['checkout', 'payment'] };
      if (!request.path.endsWith('/query_range')) return respond(request, response);
      const result = ['checkout', 'payment'].map((job) => ({ metric: { job }, values: [[1772366400, '1']] }));
      return { status: 'success', data: { resultType: 'matrix', result } };
    };
    const rows = rowsOf(await pulled(prometheus, connection()));
    expect(new Set(rows.map(({ entity }) => entity))).toEqual(new Set(['checkout', 'payment']));
    const queries = api.requests.flatMap(({ path, query }) =>
      path.endsWith('/query_range') ? query.get('query') : [],
    );
    expect(new Set(queries).size).toBe(8);
    expect(queries).toContain('sum by (job) (rate(process_cpu_seconds_total{job!=""}[120s]))');
  });

  it.each([
    ['an exporter of many services', 'service', ['basket', 'pricing'], ['http_requests_total']],
    ['an exporter of hosts', 'instance', ['db-1:9100', 'web-1:9100'], ['up', 'node_cpu_seconds_total']],
  ])('splits a job that is %s by its label', async (_, label, entities, names) => {
    api.respond = ({ path, query }) => {
      const within = query.get('match[]')?.includes('job="checkout"');
      const vector = (result: object[]) => ({ status: 'success', data: { resultType: 'vector', result } });
      if (path.endsWith('/job/values')) return sample('prometheus', 'jobs');
      if (path.endsWith(`/${label}/values`)) return { status: 'success', data: within ? entities : [] };
      if (path.endsWith('/values')) return sample('prometheus', 'no-values');
      if (path.endsWith('/query_range'))
        return vector(
          entities.map((entity) => ({ metric: { [label]: entity }, values: [[1772366400, '1']] })),
        );
      return vector(names.map((name) => ({ metric: { __name__: name }, value: [1772366400, '1'] })));
    };
    const answers = await pulled(prometheus, connection());
    expect(missingOf(answers)).toEqual([]);
    expect(new Set(rowsOf(answers).map(({ entity }) => entity))).toEqual(new Set(entities));
    expect(api.requests.at(-1)?.query.get('query')).toContain(`{${label}!="",job="checkout"`);
  });

  it('discovers the label by which an exporter names its services, and skips other labels', async () => {
    api.respond = ({ path, query }) => {
      const selector = `${query.get('query') ?? ''}${query.get('match[]') ?? ''}`;
      const names = selector.includes('unit_name!=""')
        ? ['a_total', 'b']
        : selector.includes('alertstate!=""')
          ? ['ALERTS', 'ALERTS_FOR_STATE']
          : selector.includes('shelf!=""')
            ? ['b']
            : ['a_total', 'b', 'up', 'ALERTS'];
      const result = names.map((name) => ({
        metric: { __name__: name, unit_name: 'pricing' },
        value: [1772366400, '1'],
        values: [[1772366400, '1']],
      }));
      if (path.endsWith('/labels'))
        return { status: 'success', data: ['__name__', 'alertstate', 'code', 'job', 'shelf', 'unit_name'] };
      if (path.endsWith('/job/values')) return sample('prometheus', 'jobs');
      if (/\/(?:unit_name|shelf|code|alertstate)\/values$/.test(path))
        return { status: 'success', data: ['basket', 'pricing'] };
      if (path.endsWith('/values')) return sample('prometheus', 'no-values');
      return { status: 'success', data: { resultType: 'vector', result } };
    };
    const rows = rowsOf(await pulled(prometheus, connection()));
    expect(new Set(rows.map(({ entity }) => entity))).toEqual(new Set(['pricing']));
    const paths = api.requests.map(({ path }) => path);
    expect(paths).not.toContain('/api/v1/label/code/values');
    expect(api.requests.at(-1)?.query.get('query')).toContain('by (unit_name)');
  });

  it('reads no other services when there are too many, and reports it', async () => {
    const respond = api.respond;
    const jobs = ['checkout', ...Array.from({ length: 41 }, (_, at) => `job-${at}`)];
    api.respond = (request, response) =>
      request.path.endsWith('/job/values') ? { status: 'success', data: jobs } : respond(request, response);
    const answers = await pulled(prometheus, connection());
    expect(missingOf(answers)).toEqual(['it watches 41 other services, of which none was read.']);
    expect(new Set(rowsOf(answers).map(({ entity }) => entity))).toEqual(new Set(['checkout']));
  });

  it('filters by environment if a label is configured for it', async () => {
    await pulled(prometheus, connection({ serviceLabels: ['job'], environmentLabel: 'env' }));
    const [labels, names] = api.requests;
    expect(labels?.query.get('match[]')).toBe('{job!="",env="production"}');
    expect(names?.query.get('query')).toBe('count by (__name__) ({job="checkout",env="production"})');
  });
});

describe('configured queries', () => {
  it('replace discovery, and one that fails is reported without affecting the others', async () => {
    const respond = api.respond;
    api.respond = (request, response) => {
      if (request.query.get('query') !== 'sum(') return respond(request, response);
      response.statusCode = 400;
      return sample('prometheus', 'bad-query');
    };
    const answers = await pulled(prometheus, {
      config: {
        url: api.url,
        queries: [
          { metric: 'bad', query: 'sum(' },
          { metric: 'good', query: 'sum(x{job="$service"})', unit: 's' },
        ],
      },
      credentials: {},
    });
    expect(missingOf(answers)).toEqual([
      'Prometheus answered 400: invalid parameter "query": 1:5: parse error: unexpected end of input.',
    ]);
    expect(rowsOf(answers)).toContainEqual(
      expect.objectContaining({ metric: 'good', unit: 's', value: 0.75 }),
    );
    expect(api.requests.map(({ query }) => query.get('query'))).toContain('sum(x{job="checkout"})');
  });

  it('escape a service name that contains quotes', () => {
    const values = { service: 'x"} or vector(1) #', environment: '', rate: '60s' };
    expect(filledIn('rate(a{job="$service"}[$rate])', values)).toBe(
      'rate(a{job="x\\"} or vector(1) #"}[60s])',
    );
  });
});

it('computes an error ratio of request counters only', () => {
  const names = new Set(['cache_evictions_total', 'queue_depth', 'go_gc_duration_seconds_sum']);
  expect(queriesFor(names, { matchers: 'job="a"', rate: '60s' })).toEqual([
    { metric: 'cache_evictions_rate', query: 'sum(rate(cache_evictions_total{job="a"}[60s]))', unit: '1/s' },
    { metric: 'queue_depth', query: 'sum(queue_depth{job="a"})' },
  ]);
});

describe('the probe', () => {
  const probe = (credentials = {}) => prometheus.probe({ config: { url: api.url }, credentials }, OUTSIDE);

  it('sends the credentials and passes', async () => {
    await expect(probe({ bearerToken: 'abc' })).resolves.toBeUndefined();
    await expect(probe({ username: 'ada', password: 'b' })).resolves.toBeUndefined();
    expect(api.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer abc',
      'Basic YWRhOmI=',
    ]);
  });

  it.each([
    ['another API', () => ({ hello: 'world' }), 'The URL responds, but not like the HTTP API of Prometheus.'],
    ['invalid credentials', (_: unknown, response: { statusCode: number }) => { response.statusCode = 401; return {}; }, 'Prometheus answered 401: the credentials do not allow this.'],
  ])('reports %s', async (_, respond, message) => {
    api.respond = respond;
    await expect(probe()).rejects.toThrow(message);
  }); // prettier-ignore
});
