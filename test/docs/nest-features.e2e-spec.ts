import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const main = 'test/docs/server-with-nest-features.mjs';

describe('the Nest features that CONTRIBUTING.md allows', () => {
  let server: TestServer;
  let tenant: TenantUser;
  beforeAll(async () => {
    server = await TestServer.start({ main });
    tenant = await newTenant(server.url);
  });
  afterAll(() => server.stop());

  it('guards, interceptors and middleware work as usual', async () => {
    const { headers, body } = await tenant.api.get('/v1/examples/signals');
    expect(body).toMatchObject({ stamped: true });
    expect(headers.get('x-middleware')).toBe('yes');
    expect(await tenant.api.get('/v1/examples/signals', { headers: { 'x-day': 'sunday' } })).toMatchObject({
      status: 403,
      body: { error: 'forbidden' },
    });
  });

  it('an exception of Nest becomes an error envelope with its message', async () => {
    expect(await tenant.api.get('/v1/examples/missing')).toMatchObject({
      status: 404,
      body: { error: 'not_found', message: 'No such example.' },
    });
    expect((await tenant.api.post('/v1/examples/missing')).status).toBe(405);
  });

  it('the raw body is available for every media type', async () => {
    const api = new Api(server.url);
    const headers = { 'content-type': 'text/plain' };
    expect(await api.post('/v1/examples/hook', 'hello', { headers })).toMatchObject({ body: { bytes: 5 } });
    expect(await api.post('/v1/examples/hook', { a: 1 })).toMatchObject({ body: { bytes: 7 } });
  });

  it('a route without documentation decorators is documented with its authentication', async () => {
    const { body } = await new Api(server.url).get<{
      paths: Record<string, Record<string, { security: unknown }>>;
    }>('/openapi.json');
    expect(body.paths['/v1/examples/hook']?.['post']?.security).toEqual([]);
    expect(body.paths['/v1/examples/signals']?.['get']?.security).toEqual([{ bearerAuth: [] }]);
  });

  it('OnEvent handlers receive events', async () => {
    await tenant.api.post('/v1/incidents', { title: 'Slow', description: 'Slower than yesterday.' });
    await until('the event is received', async () => {
      const { body } = await tenant.api.get<{ received: string[] }>('/v1/examples/signals');
      return body.received.includes('incident.created');
    });
  });
});

it.each([
  ['an unlisted event', 'example.happened is declared and in no list of events'],
  ['a handler of a class that is no event', 'Handler listens to Plain, which defineEvent did not make'],
  ['an injected DataSource', "Nest can't resolve dependencies of the Repository"],
])('%s prevents the start with a clear error', async (MISTAKE, message) => {
  await expect(TestServer.start({ main, env: { MISTAKE } })).rejects.toThrow(message);
});
