import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const main = 'test/docs/server-with-nest-habits.mjs';

describe('of the habits that CONTRIBUTING.md leaves you', () => {
  let server: TestServer;
  let tenant: TenantUser;
  beforeAll(async () => {
    server = await TestServer.start({ main });
    tenant = await newTenant(server.url);
  });
  afterAll(() => server.stop());

  it('guards, interceptors and middleware do what they do everywhere', async () => {
    const { headers, body } = await tenant.api.get('/v1/habits/told');
    expect(body).toMatchObject({ stamped: true });
    expect(headers.get('x-middleware')).toBe('yes');
    expect(await tenant.api.get('/v1/habits/told', { headers: { 'x-day': 'sunday' } })).toMatchObject({
      status: 403,
      body: { error: 'forbidden' },
    });
  });

  it('an exception of Nest has our shape and its own words', async () => {
    expect(await tenant.api.get('/v1/habits/missing')).toMatchObject({
      status: 404,
      body: { error: 'not_found', message: 'No such habit.' },
    });
    expect((await tenant.api.post('/v1/habits/missing')).status).toBe(405);
  });

  it('the bytes of a body of any type can be had', async () => {
    const api = new Api(server.url);
    const headers = { 'content-type': 'text/plain' };
    expect(await api.post('/v1/habits/hook', 'hello', { headers })).toMatchObject({ body: { bytes: 5 } });
    expect(await api.post('/v1/habits/hook', { a: 1 })).toMatchObject({ body: { bytes: 7 } });
  });

  it('a route that nobody named is documented as it is guarded', async () => {
    const { body } = await new Api(server.url).get<{
      paths: Record<string, Record<string, { security: unknown }>>;
    }>('/openapi.json');
    expect(body.paths['/v1/habits/hook']?.['post']?.security).toEqual([]);
    expect(body.paths['/v1/habits/told']?.['get']?.security).toEqual([{ bearerAuth: [] }]);
  });

  it('signals are heard', async () => {
    await tenant.api.post('/v1/incidents', { title: 'Slow', description: 'Slower than yesterday.' });
    await until('it is heard', async () => {
      const { body } = await tenant.api.get<{ heard: string[] }>('/v1/habits/told');
      return body.heard.includes('incident.created');
    });
  });
});

it.each([
  ['an event in no list', 'habit.told is declared and in no list of events'],
  ['a handler of no event', 'Listener listens to Plain, which defineEvent did not make'],
  ['a database without tenants', "Nest can't resolve dependencies of the Repository"],
])('%s stops the start, and says so', async (MISTAKE, told) => {
  await expect(TestServer.start({ main, env: { MISTAKE } })).rejects.toThrow(told);
});
