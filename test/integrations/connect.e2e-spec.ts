import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { colleague } from '../remediation/plan.js';
import { Api, newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { HttpRunner } from '../support/http-runner.js';
import { TestServer } from '../support/server.js';

const ACTIONS = ['rollback_deployment'];

let server: TestServer;
let runner: HttpRunner;
let acme: TenantUser;

beforeAll(async () => {
  [server, runner] = await Promise.all([TestServer.start(), HttpRunner.start()]);
  acme = await newTenant(server.url);
});
afterAll(async () => {
  await runner.stop();
  await server.stop();
});

describe('the catalogue', () => {
  it('has JSON schemas that accept a valid config and refuse an invalid one', async () => {
    const { status, body } = await acme.api.get<{ items: ({ provider: string } & Record<string, object>)[] }>(
      '/v1/integrations/catalog',
    );
    expect(status).toBe(200);
    const entry = body.items.find(({ provider }) => provider === 'http_runner');
    expect(entry).toMatchObject({
      displayName: 'HTTP runner',
      category: 'automation',
      capabilities: ['run_steps'],
      authType: 'shared_secret',
      setupGuide: expect.stringContaining('webhook-id'),
    });
    const ajv = new Ajv2020({ formats: { uri: true, password: true } });
    const isConfig = ajv.compile(entry?.['configSchema'] ?? false);
    expect(isConfig({ url: runner.url, actions: ACTIONS })).toBe(true);
    expect(isConfig({ url: runner.url, actions: ACTIONS, timeoutSeconds: 301 })).toBe(false);
    expect(isConfig({ url: runner.url })).toBe(false);
    expect(ajv.validate(entry?.['credentialsSchema'] ?? false, { secret: runner.secret })).toBe(true);
  });
});

describe('connecting', () => {
  it('is refused with quota_exceeded above 100 integrations, also when many connect concurrently', async () => {
    const own = await newTenant(server.url);
    const connect = () => own.api.post('/v1/integrations/uptime_kuma/connect', {});
    for (let made = 0; made < 99; made += 1) expect((await connect()).status).toBe(201);
    const answers = await Promise.all(Array.from({ length: 20 }, connect));
    const errors = answers.filter(({ status }) => status !== 201).map(({ body }) => body['error']);
    expect(errors).toEqual(Array(19).fill('quota_exceeded'));
  });

  it('probes the runner with a signed dry run, stores it and returns no secret', async () => {
    const before = runner.probes;
    const answer = await runner.connect(acme.api, ACTIONS);
    expect(answer.status).toBe(201);
    expect(runner.probes).toBe(before + 1);
    expect(runner.forged).toEqual([]);
    expect(answer.body).toEqual({
      integrationId: expect.stringMatching(/^int_/),
      provider: 'http_runner',
      label: 'HTTP runner',
      status: 'connected',
      capabilities: ['run_steps'],
      connectedBy: acme.userId,
      connectedAt: expect.stringMatching(/Z$/),
    });
    const path = `/v1/integrations/${answer.body.integrationId}`;
    expect(answer.headers.get('location')).toBe(path);
    const read = await acme.api.get(path);
    expect(read).toMatchObject({ status: 200, body: answer.body });
    const list = await acme.api.get<{ items: unknown[] }>('/v1/integrations');
    expect(list.body.items).toContainEqual(answer.body);
    expect(JSON.stringify([answer.body, read.body, list.body])).not.toContain(runner.secret);
  });

  it.each([
    ['no config', { credentials: { secret: 'x' } }, 'config.url'],
    ['a config of another shape', { config: [], credentials: {} }, 'config'],
    ['no address', { config: { actions: ACTIONS } }, 'config.url'],
    ['an address with another scheme', { config: { url: 'ftp://example.com/', actions: ACTIONS } }, 'config.url'],
    ['a password in the address', { config: { url: 'http://a:b@example.com/', actions: ACTIONS } }, 'config.url'],
    ['no actions', { config: { url: 'http://example.com/', actions: [] } }, 'config.actions'],
    ['a timeout above the maximum', { config: { url: 'http://example.com/', actions: ACTIONS, timeoutSeconds: 301 } }, 'config.timeoutSeconds'],
    ['an unknown option', { config: { url: 'http://example.com/', actions: ACTIONS, retries: 3 } }, 'config.retries'],
    ['a malformed secret', { config: { url: 'http://example.com/', actions: ACTIONS }, credentials: { secret: 'hunter2' } }, 'credentials.secret'],
    ['a long label', { label: 'x'.repeat(201), config: {}, credentials: {} }, 'label'],
  ])('refuses %s and names the field', async (_, body, field) => {
    const answer = await acme.api.post('/v1/integrations/http_runner/connect', { credentials: {}, ...body });
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({
      error: 'validation_error',
      details: expect.arrayContaining([expect.objectContaining({ field })]),
    });
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
  }); // prettier-ignore

  it('reports why a probe failed, and stores nothing', async () => {
    const tenant = await newTenant(server.url);
    const stopped = await HttpRunner.start();
    const { url } = stopped;
    await stopped.stop();
    const connect = (config: object, secret = runner.secret) =>
      tenant.api.post('/v1/integrations/http_runner/connect', {
        config: { actions: ACTIONS, ...config },
        credentials: { secret },
      });
    expect(await connect({ url })).toMatchObject({
      status: 422,
      body: { error: 'connection_failed', message: 'The call to the runner failed: connection refused.' },
    });
    const otherSecret = `whsec_${randomBytes(24).toString('base64')}`;
    expect(await connect({ url: runner.url }, otherSecret)).toMatchObject({
      status: 422,
      body: { error: 'connection_failed', message: 'The runner answered 401.' },
    });
    expect(await connect({ url: 'http://169.254.169.254/latest/meta-data/' })).toMatchObject({
      status: 422,
      body: { error: 'connection_failed', message: expect.stringContaining('not allow') },
    });
    expect((await tenant.api.get('/v1/integrations')).body).toEqual({ items: [], nextCursor: null });
  });

  it('does not reach internal addresses unless the operator allows it', async () => {
    const guarded = await TestServer.start({
      env: { OUTBOUND_ALLOW_CIDRS: undefined },
      database: server.database,
    });
    const before = runner.probes + runner.forged.length;
    const api = new Api(guarded.url, acme.api.token);
    for (const url of [runner.url, runner.url.replace('127.0.0.1', 'localhost')]) {
      const answer = await api.post('/v1/integrations/http_runner/connect', {
        config: { url, actions: ACTIONS },
        credentials: { secret: runner.secret },
      });
      expect(answer).toMatchObject({
        status: 422,
        body: { error: 'connection_failed', message: expect.stringMatching(/leads to a loopback address/) },
      });
    }
    expect(runner.probes + runner.forged.length).toBe(before);
    await guarded.stop();
  });

  it('returns 404 for an unknown provider', async () => {
    const answer = await acme.api.post('/v1/integrations/telepathy/connect', { config: {}, credentials: {} });
    expect(answer).toMatchObject({ status: 404, body: { error: 'not_found', message: 'No such provider.' } });
  });
});

describe('a connected runner', () => {
  it('can be tested, and its status is the result of the last test', async () => {
    const own = await HttpRunner.start();
    const { integrationId } = (await own.connect(acme.api, ACTIONS)).body;
    const test = () => acme.api.post(`/v1/integrations/${integrationId}/test`);
    expect(await test()).toMatchObject({
      status: 200,
      body: { integrationId, ok: true, status: 'connected' },
    });
    own.treat('probe', { status: 500 });
    expect(await test()).toMatchObject({
      status: 200,
      body: { integrationId, ok: false, status: 'failing', message: 'The runner answered 500.' },
    });
    expect((await acme.api.get(`/v1/integrations/${integrationId}`)).body['status']).toBe('failing');
    own.treat('probe', 'succeed');
    expect((await test()).body['status']).toBe('connected');
    await own.stop();
  });

  it('returns 404 once it is disconnected', async () => {
    const { integrationId } = (await runner.connect(acme.api, ACTIONS)).body;
    const path = `/v1/integrations/${integrationId}`;
    expect((await acme.api.delete(path)).status).toBe(204);
    for (const answer of [
      await acme.api.get(path),
      await acme.api.delete(path),
      await acme.api.post(`${path}/test`),
    ])
      expect(answer).toMatchObject({
        status: 404,
        body: { error: 'not_found', message: 'No such integration.' },
      });
  });

  it('is disconnected by one of twenty concurrent requests, with one event', async () => {
    const stream = await EventStream.open(acme.api);
    const { integrationId } = (await runner.connect(acme.api, ACTIONS)).body;
    const path = `/v1/integrations/${integrationId}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => acme.api.delete(path)));
    expect(answers.map(({ status }) => status).sort()).toEqual([
      204,
      ...Array.from({ length: 19 }, () => 404),
    ]);
    const { integrationId: next } = (await runner.connect(acme.api, ACTIONS)).body;
    await stream.waitFor('integration.connected', ({ data }) => data.data['integrationId'] === next);
    const published = stream.frames.filter(({ event }) => event === 'integration.disconnected');
    expect(published.map(({ data }) => data.data)).toEqual([
      { integrationId, provider: 'http_runner', disconnectedBy: acme.userId },
    ]);
    stream.close();
  });

  it('whose credentials cannot be decrypted is failing, and can be disconnected', async () => {
    const { integrationId } = (await runner.connect(acme.api, ACTIONS)).body;
    await sql(
      server.database.url,
      `UPDATE integrations SET sealed_credentials = 'v1.00000000.' || split_part(sealed_credentials, '.', 3) || '.' ||
         split_part(sealed_credentials, '.', 4) || '.' || split_part(sealed_credentials, '.', 5)
        WHERE integration_id = $1`,
      [integrationId],
      acme.tenantId,
    );
    expect(await acme.api.post(`/v1/integrations/${integrationId}/test`)).toMatchObject({
      status: 200,
      body: { ok: false, status: 'failing', message: expect.stringContaining('connect it again') },
    });
    expect((await acme.api.delete(`/v1/integrations/${integrationId}`)).status).toBe(204);
  });

  it('is invisible to other tenants, like one that does not exist', async () => {
    const { integrationId } = (await runner.connect(acme.api, ACTIONS)).body;
    const stranger = await newTenant(server.url);
    const path = `/v1/integrations/${integrationId}`;
    const missing = `/v1/integrations/int_${'0'.repeat(26)}`;
    for (const [method, suffix] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/test'],
    ] as const) {
      const [foreign, unknown] = [
        await stranger.api.call<Record<string, unknown>>(method, path + suffix),
        await stranger.api.call<Record<string, unknown>>(method, missing + suffix),
      ];
      expect([foreign.status, foreign.body['message']]).toEqual([404, unknown.body['message']]);
    }
    expect((await stranger.api.get('/v1/integrations')).body['items']).toEqual([]);
    expect((await acme.api.get(path)).status).toBe(200);
  });

  it('is listed newest first, a page at a time, without gaps', async () => {
    const tenant = await newTenant(server.url);
    const made: string[] = [];
    for (let at = 0; at < 5; at++)
      made.unshift((await runner.connect(tenant.api, ACTIONS)).body.integrationId);
    const listed = await tenant.api.all<{ integrationId: string }>('/v1/integrations?limit=2');
    expect(listed.map(({ integrationId }) => integrationId)).toEqual(made);
    expect((await tenant.api.get('/v1/integrations?cursor=nonsense')).status).toBe(400);
  });
});

describe('a malformed id', () => {
  it.each(['nonsense', 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE', '%00', 'int_%00', '..%2f', '💥'])(
    'is not found: %s',
    async (id) => {
      expect(await acme.api.get(`/v1/integrations/${id}`)).toMatchObject({
        status: 404,
        body: { error: 'not_found' },
      });
      expect((await new Api(server.url).get(`/v1/integrations/${id}`)).status).toBe(401);
    },
  );
});

describe('a query with a NUL', () => {
  it('is refused', async () => {
    expect(await acme.api.get('/v1/integrations?cursor=%00')).toMatchObject({
      status: 400,
      body: { error: 'validation_error', details: [{ field: 'cursor' }] },
    });
  });
});

describe('a member', () => {
  it('may read integrations and triggers, but not change them', async () => {
    const member = await colleague(acme, 'member');
    const { integrationId } = (await runner.connect(acme.api, ACTIONS)).body;
    const rule = { name: 'n', on: {}, action: 'notify' };
    const made = await acme.api.post<{ triggerId: string }>('/v1/triggers', rule);
    const integration = `/v1/integrations/${integrationId}`;
    const trigger = `/v1/triggers/${made.body.triggerId}`;
    for (const path of ['/v1/integrations', '/v1/integrations/catalog', integration, '/v1/triggers', trigger])
      expect([path, (await member.api.get(path)).status]).toEqual([path, 200]);
    for (const [method, path] of [
      ['POST', '/v1/integrations/http_runner/connect'],
      ['POST', `${integration}/test`],
      ['DELETE', integration],
      ['POST', '/v1/triggers'],
      ['PATCH', trigger],
      ['DELETE', trigger],
      ['POST', `${trigger}/simulate`],
    ] as const) {
      const answer = await member.api.call<{ error: string }>(method, path);
      expect([method, path, answer.status, answer.body.error]).toEqual([method, path, 403, 'forbidden']);
    }
    expect((await acme.api.delete(trigger)).status).toBe(204);
  });
});

describe('an API key', () => {
  it.each(['/v1/integrations', '/v1/integrations/catalog', '/v1/triggers'])(
    'may not read %s',
    async (path) => {
      const scopes = ['incidents:read', 'incidents:write', 'events:read'];
      const answer = await (await programOf(acme, ...scopes)).get(path);
      expect(answer).toMatchObject({ status: 403, body: { error: 'forbidden' } });
    },
  );
});

describe('the secret of a connection', () => {
  it('is in no row', async () => {
    const rows = await sql(server.database.url, 'SELECT i::text FROM integrations i', [], acme.tenantId);
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(runner.secret.slice('whsec_'.length));
  });

  it('is in no log line', () => {
    expect(server.log).not.toContain(runner.secret);
    expect(server.log).not.toContain(runner.secret.slice('whsec_'.length));
    expect(server.log).not.toContain('hunter2');
  });
});
