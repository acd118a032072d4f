import { createHash, createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, Api, type MadeKey, newKey, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until, within } from '../support/until.js';

let server: TestServer;
let replica: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  replica = await TestServer.start({ database: server.database });
  tenant = await newTenant(server.url);
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

const ALERT = JSON.stringify({ title: 'High error rate', description: '5xx above 5 %' });
const send = (
  { plaintextKey, webhookSecret }: Pick<MadeKey, 'plaintextKey' | 'webhookSecret'>,
  { url = server.url, tenantId = tenant.tenantId } = {},
): Promise<Answer<Record<string, string>>> =>
  new Api(url).post(`/v1/webhooks/${tenantId}/custom`, ALERT, {
    headers: {
      'x-api-key': plaintextKey,
      'x-webhook-signature': createHmac('sha256', webhookSecret).update(ALERT).digest('hex'),
    },
  });

describe('an API key', () => {
  it('is shown once, and never stored in plain text', async () => {
    const answer = await tenant.api.post<MadeKey>('/v1/api-keys', { name: 'Alertmanager' });
    const { keyId, plaintextKey, webhookSecret } = answer.body;
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/api-keys/${keyId}`);
    expect(answer.body).toEqual({
      keyId: expect.stringMatching(/^key_/),
      name: 'Alertmanager',
      prefix: plaintextKey.slice(0, 13),
      scopes: ['webhooks:write'],
      plaintextKey: expect.stringMatching(/^cflo_[0-9a-f]{64}$/),
      webhookSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      createdAt: expect.stringMatching(/Z$/),
      expiresAt: null,
    });
    const listed = await tenant.api.get('/v1/api-keys?limit=100');
    const found = await tenant.api.get(`/v1/api-keys/${keyId}`);
    expect(found).toMatchObject({ status: 200, body: { keyId, lastUsedAt: null } });
    expect(listed.body['items']).toContainEqual(found.body);
    const [row] = await sql(
      server.database.url,
      'SELECT * FROM api_keys WHERE key_id = $1',
      [keyId],
      tenant.tenantId,
    );
    expect(row).toMatchObject({ key_hash: createHash('sha256').update(plaintextKey).digest('hex') });
    for (const text of [JSON.stringify(listed.body), JSON.stringify(row), server.log]) {
      expect(text).not.toContain(plaintextKey);
      expect(text).not.toContain(webhookSecret);
    }
    expect(JSON.stringify(listed.body)).not.toContain(String(row?.['key_hash']));
  });

  it.each([
    ['without a name', { name: ' ' }],
    ['with an unknown scope', { scopes: ['admin'] }],
    ['without any scope', { scopes: [] }],
    ['that has expired', { expiresAt: '2020-01-01T00:00:00Z' }],
    ['with a time that is none', { expiresAt: 'tomorrow' }],
  ])('is not made %s', async (_, wrong) => {
    expect((await tenant.api.post('/v1/api-keys', { name: 'x', ...wrong })).status).toBe(400);
  });

  it('shows when it was last used', async () => {
    const own = await newTenant(server.url);
    const key = await newKey(own);
    expect((await send(key, own)).status).toBe(202);
    await until('its use is noted', async () => {
      const { body } = await own.api.get<{ items: { lastUsedAt: string | null }[] }>('/v1/api-keys');
      return body.items[0]?.lastUsedAt;
    });
  });

  it('is refused after it has expired', async () => {
    // Long enough to use it before, on a crowded machine.
    const expiry = Date.now() + 10_000;
    const key = await newKey(tenant, { expiresAt: new Date(expiry).toISOString() });
    expect((await send(key)).status).toBe(202);
    // Used until then, so that it is cached when it expires.
    await until('it has expired', async () => {
      await send(key);
      return Date.now() >= expiry;
    });
    expect((await send(key)).body['error']).toBe('invalid_api_key');
  });

  it('is refused after it was revoked: at once on this replica, within five seconds on others', async () => {
    const key = await newKey(tenant);
    expect((await send(key)).status).toBe(202);
    expect((await send(key, { ...tenant, url: replica.url })).status).toBe(202);

    expect((await tenant.api.delete(`/v1/api-keys/${key.keyId}`)).status).toBe(204);
    expect((await send(key)).body['error']).toBe('invalid_api_key');
    await within(
      5,
      'the other replica refuses it',
      async () => (await send(key, { ...tenant, url: replica.url })).status === 401,
    );
    expect((await tenant.api.delete(`/v1/api-keys/${key.keyId}`)).status).toBe(404);
    expect((await tenant.api.get(`/v1/api-keys/${key.keyId}`)).status).toBe(404);
  });

  it('of one tenant is unknown to another', async () => {
    const [other, key] = [await newTenant(server.url), await newKey(tenant)];
    const missing = await other.api.delete('/v1/api-keys/key_01HX9VTPQR3KF8MZWBYD5N6JCE');
    const response = ({ status, body }: Answer): unknown => ({ status, ...body, requestId: '' });
    expect(missing.status).toBe(404);
    expect(response(await other.api.delete(`/v1/api-keys/${key.keyId}`))).toEqual(response(missing));
    expect(response(await other.api.get(`/v1/api-keys/${key.keyId}`))).toEqual(response(missing));
    expect((await other.api.post(`/v1/api-keys/${key.keyId}/rotate-secret`)).status).toBe(404);
    expect((await other.api.get<{ items: unknown[] }>('/v1/api-keys')).body.items).toEqual([]);
    expect((await send(key, other)).body['error']).toBe('invalid_api_key');
    expect((await send(key)).status).toBe(202);
  });
});

describe('an API key as a bearer token', () => {
  it('grants what its scope allows, and nothing that requires a user', async () => {
    const reader = await newKey(tenant, { scopes: ['incidents:read'] });
    const { body } = await send(await newKey(tenant));
    const api = new Api(server.url, reader.plaintextKey);
    expect((await api.get(`/v1/incidents/${body['incidentId']}`)).status).toBe(200);
    const refused = [
      await api.patch(`/v1/incidents/${body['incidentId']}`, { status: 'resolved' }),
      await api.get('/v1/auth/me'),
      await api.get('/v1/users'),
      await api.post('/v1/api-keys', { name: 'more' }),
      await new Api(server.url, (await newKey(tenant)).plaintextKey).get('/v1/incidents'),
    ];
    expect(refused.map(({ status }) => status)).toEqual(Array<number>(5).fill(403));
    expect((await send(reader)).body['error']).toBe('invalid_api_key');
  });

  it('is refused when it is unknown', async () => {
    for (const key of [`cflo_${'0'.repeat(64)}`, 'cflo_short']) {
      const answer = await new Api(server.url, key).get('/v1/incidents');
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ error: 'invalid_api_key' });
    }
  });
});

describe('a rotated webhook secret', () => {
  it('is accepted at once on a replica that has cached the former one', async () => {
    const { plaintextKey, ...key } = await newKey(tenant);
    const there = { ...tenant, url: replica.url };
    expect((await send({ plaintextKey, ...key }, there)).status).toBe(202);
    const { body } = await tenant.api.post<{ webhookSecret: string }>(
      `/v1/api-keys/${key.keyId}/rotate-secret`,
    );
    expect((await send({ plaintextKey, webhookSecret: body.webhookSecret }, there)).status).toBe(202);
    const forged = await send({ plaintextKey, webhookSecret: key.keyId }, there);
    expect(forged.body['error']).toBe('invalid_signature');
  });

  it('is accepted at once, next to the former one until its overlap ends', async () => {
    const { plaintextKey, ...key } = await newKey(tenant);
    expect((await send({ plaintextKey, ...key })).status).toBe(202);
    const rotated = await tenant.api.post<{ webhookSecret: string }>(
      `/v1/api-keys/${key.keyId}/rotate-secret`,
    );
    expect(rotated.status).toBe(200);
    expect(rotated.body).toEqual({
      keyId: key.keyId,
      webhookSecret: expect.stringMatching(/^[0-9a-f]{64}$/),
      previousSecretExpiresAt: expect.stringMatching(/Z$/),
    });
    expect((await send({ plaintextKey, webhookSecret: rotated.body.webhookSecret })).status).toBe(202);
    expect((await send({ plaintextKey, webhookSecret: key.webhookSecret })).status).toBe(202);

    await tenant.api.post(`/v1/api-keys/${key.keyId}/rotate-secret`, { overlapMinutes: 0 });
    for (const webhookSecret of [key.webhookSecret, rotated.body.webhookSecret]) {
      expect((await send({ plaintextKey, webhookSecret })).body['error']).toBe('invalid_signature');
    }
  });

  it('keeps the overlap of former ones when it is rotated again, concurrently too', async () => {
    const { plaintextKey, ...key } = await newKey(tenant);
    const rotate = async (): Promise<string> => {
      const rotated = await tenant.api.post<{ webhookSecret: string }>(
        `/v1/api-keys/${key.keyId}/rotate-secret`,
      );
      expect(rotated.status).toBe(200);
      return rotated.body.webhookSecret;
    };
    const secrets = [key.webhookSecret, ...(await Promise.all(Array.from({ length: 5 }, rotate)))];
    for (const webhookSecret of secrets)
      expect((await send({ plaintextKey, webhookSecret })).status).toBe(202);
  });
});
