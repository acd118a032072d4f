import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ServerResponse } from 'node:http';
import { jsonSchemaOf } from '#kernel/http/json-schema';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { ProviderError, type Provider } from './provider.js';
import { missingOf, OUTSIDE, pulled, RecordedApi, rowsOf } from './recorded.fixture.js';
import { PROVIDERS } from './registry.js';

let api: RecordedApi;
beforeEach(async () => {
  api = await RecordedApi.start();
});
afterEach(() => api.stop());

const sources: [string, Provider][] = PROVIDERS.filter(
  ({ evidence, provider }) => evidence && provider !== 'postgresql',
) // prettier-ignore
  .map((provider) => [provider.provider, provider]);

/** The required fields of all sources: add those of yours. */
const connection = () => ({
  config: { url: api.url, namespaces: ['shop'], repositories: [{ repository: 'acme/checkout' }] },
  credentials: { token: 'secret-token', bearerToken: 'secret-token' },
});

/** A response with every known field, each of a wrong type: add those that yours reads at the top of one. */
const wrong = (value: unknown) =>
  Object.fromEntries(
    ['status', 'data', 'hits', 'items', 'workflow_runs', 'metadata', 'kind', 'sha', 'commit', '_shards'].map(
      (key) => [key, value],
    ),
  );

const send =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (_: unknown, response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

describe.each(sources)('%s', (_, provider) => {
  it.each(['config', 'credentials'] as const)('has the required fields of its %s in `connection`', (part) => {
    const required = jsonSchemaOf(provider[part])['required'] as string[];
    expect(Object.keys(connection()[part])).toEqual(expect.arrayContaining(required));
  });

  it.each<[string, RecordedApi['respond']]>([
    ['a redirect to an internal address', send(302, '', { location: 'http://169.254.169.254/latest' })],
    ['a web page', send(200, '<html>Sign in</html>')],
    ['an error that is a web page', send(502, '<html>Bad gateway</html>')],
    ['an empty body', send(200, '')],
    ['a response above the size cap', send(200, `["${'x'.repeat(9 * 1024 * 1024)}"]`)],
    ['a truncated response', (_, response) => void response.writeHead(200, { 'content-length': '100' }).write('{', () => response.destroy())],
    ['null', () => null],
    ['a text', () => 'ok'],
    ['a list of nulls', () => [null, null]],
    ['texts instead of objects', () => wrong('x')],
    ['lists of nulls instead of objects', () => wrong([null])],
    ['objects instead of lists', () => wrong({ result: {}, hits: {}, total: 'many', values: 7, stream: [] })],
    ['entries without content', () => wrong({ result: [null, { values: [null, ['x', 'y'], [1, 'NaN']], value: [], metric: 3 }], hits: [{ _source: 7 }], total: { value: 'NaN' } })],
    ['100,000 levels of nesting', send(200, '['.repeat(100_000) + ']'.repeat(100_000))],
  ])('yields no rows and leaks no credentials when it receives %s', async (_, respond) => {
    api.respond = respond;
    const answers = await pulled(provider, connection()).catch((error: unknown) => {
      if (!(error instanceof ProviderError)) throw error;
      return [{ missing: error.message }];
    });
    expect(JSON.stringify(missingOf(answers))).not.toContain('secret-token');
    expect(rowsOf(answers)).toEqual([]);
    expect(api.requests.length).toBeGreaterThan(0);
  }); // prettier-ignore

  it('is not called where the address guard forbids it, also through a client library', async () => {
    const outside = { ...OUTSIDE, http: new GuardedFetch([]) };
    await expect(provider.probe(connection(), outside)).rejects.toThrow(/leads to a loopback address/);
    expect(api.requests).toEqual([]);
  });

  it('sends no request twice and logs nothing to the console, also when requests fail', async () => {
    const consoleMethods = (['debug', 'info', 'log', 'warn', 'error'] as const).map((method) =>
      jest.spyOn(console, method).mockImplementation(() => undefined),
    );
    api.respond = send(503, '{"message":"over capacity"}', { 'retry-after': '0', deprecation: 'true' });
    await pulled(provider, connection()).catch(() => undefined);
    const requests = api.requests.map(({ path, query, body }) => `${path}?${query.toString()} ${body}`);
    expect(new Set(requests).size).toBe(requests.length);
    for (const spy of consoleMethods) expect(spy).not.toHaveBeenCalled();
    jest.restoreAllMocks();
  });
});
