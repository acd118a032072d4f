import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { PATH, subscribe, type Subscription } from './subscriber.js';

const URL = 'https://hooks.example.com/causeflow';
const secretOf = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`;

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

const stored = async ({ subscriptionId }: Subscription): Promise<string> =>
  JSON.stringify(
    await sql(
      server.database.url,
      'SELECT * FROM webhook_subscriptions WHERE subscription_id = $1',
      [subscriptionId],
      tenant.tenantId,
    ),
  );

describe('a webhook subscription', () => {
  it('is created, read, listed, changed and deleted', async () => {
    const own = await newTenant(server.url);
    const settings = {
      url: URL,
      events: ['incident.created', 'investigation.*'],
      description: 'Opens tickets',
    };
    const made = await own.api.post<Subscription>(PATH, settings);
    const { secret, ...view } = made.body;
    const path = `${PATH}/${view.subscriptionId}`;
    expect(made.status).toBe(201);
    expect(made.headers.get('location')).toBe(path);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(view).toEqual({
      ...settings,
      subscriptionId: expect.stringMatching(/^whs_[0-9A-HJKMNP-TV-Z]{26}$/),
      enabled: true,
      disabledReason: null,
      failingSince: null,
      createdBy: own.userId,
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
    });
    expect((await own.api.get(path)).body).toEqual(view);
    expect((await own.api.get(PATH)).body).toEqual({ items: [view], nextCursor: null });
    expect((await own.api.get(`${path}/deliveries`)).body).toEqual({ items: [], nextCursor: null });

    const changed = await own.api.patch(path, { events: ['*'], description: null, enabled: false });
    expect(changed).toMatchObject({
      status: 200,
      body: { url: URL, events: ['*'], description: null, enabled: false, disabledReason: 'requested' },
    });
    expect((await own.api.get(path)).body).toEqual(changed.body);
    expect((await own.api.patch(path, { enabled: true })).body).toMatchObject({ disabledReason: null });

    expect((await own.api.delete(path)).status).toBe(204);
    expect((await own.api.get(path)).status).toBe(404);
    expect((await own.api.delete(path)).status).toBe(404);
  });

  it('never shows or stores its secret in plain text, whether given or generated', async () => {
    const given = secretOf(24);
    const subscription = await subscribe(tenant, URL, { secret: given });
    expect(subscription.secret).toBe(given);
    const made = await subscribe(tenant, URL);
    for (const each of [subscription, made]) {
      const row = await stored(each);
      expect(row).toContain(each.subscriptionId);
      expect(row).not.toContain(each.secret.slice('whsec_'.length));
      expect(server.log).not.toContain(each.secret.slice('whsec_'.length));
      expect((await tenant.api.get(`${PATH}/${each.subscriptionId}`)).body).not.toHaveProperty('secret');
    }
    expect(await stored(made)).not.toBe(await stored(subscription));
  });

  it('is created once per Idempotency-Key, and the stored response is encrypted', async () => {
    const own = await newTenant(server.url);
    const headers = { 'idempotency-key': randomUUID() };
    const post = (url = URL) => own.api.post<Subscription>(PATH, { url, events: ['*'] }, { headers });
    const [first, again] = [await post(), await post()];
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('idempotent-replay')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await own.api.get<{ items: object[] }>(PATH)).body.items).toHaveLength(1);
    const rows = await sql(server.database.url, 'SELECT * FROM idempotent_requests', [], own.tenantId);
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain(first.body.secret.slice('whsec_'.length));
    expect((await post(`${URL}/2`)).status).toBe(422);
  });

  it('is listed page by page, newest first', async () => {
    const own = await newTenant(server.url);
    const made = [await subscribe(own, URL), await subscribe(own, URL), await subscribe(own, URL)];
    const page = async (query: string) =>
      (await own.api.get<{ items: Subscription[]; nextCursor: string | null }>(`${PATH}?${query}`)).body;
    const first = await page('limit=2');
    const second = await page(`limit=2&cursor=${encodeURIComponent(first.nextCursor ?? '')}`);
    const listed = [...first.items, ...second.items].map(({ subscriptionId }) => subscriptionId);
    expect(listed).toEqual(made.map(({ subscriptionId }) => subscriptionId).reverse());
    expect(second.nextCursor).toBeNull();
    expect((await own.api.get(`${PATH}?cursor=made-up`)).status).toBe(400);
  });

  it('is limited to fifty per tenant, also when many are created at once', async () => {
    const own = await newTenant(server.url);
    for (let made = 0; made < 49; made += 1) await subscribe(own, URL);
    const settings = { url: URL, events: ['*'] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => own.api.post(PATH, settings)));
    const errors = answers.filter(({ status }) => status !== 201).map(({ body }) => body['error']);
    expect(errors).toEqual(Array(19).fill('quota_exceeded'));
    await subscribe(await newTenant(server.url), URL);
  });

  it.each([
    [{ url: 'ftp://hooks.example.com' }, 'url'],
    [{ url: 'hooks.example.com' }, 'url'],
    [{ url: 'https://ada:secret@hooks.example.com' }, 'url'],
    [{ url: 'https://hooks.example.com:99999' }, 'url'],
    [{ url: 'https://' }, 'url'],
    [{ url: null }, 'url'],
    [{ events: [] }, 'events'],
    [{ events: '*' }, 'events'],
    [{ events: ['incident.*', 'incident'] }, 'events'],
    [{ events: ['incident.severity_changed'] }, 'events'],
    [{ events: [1] }, 'events'],
    [{ description: '' }, 'description'],
    [{ colour: 'red' }, 'colour'],
  ])('is neither created nor changed with %j', async (fault, field) => {
    const { subscriptionId } = await subscribe(tenant, URL);
    const answers = [
      await tenant.api.post(PATH, { url: URL, events: ['*'], ...fault }),
      await tenant.api.patch(`${PATH}/${subscriptionId}`, fault),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(400);
      expect(body).toMatchObject({ error: 'validation_error', details: [{ field }] });
    }
    await tenant.api.delete(`${PATH}/${subscriptionId}`);
  });

  it.each(['whsec_', 'whsec_not base64', 'no prefix', secretOf(23), secretOf(65), secretOf(32).slice(6)])(
    'refuses the secret %#',
    async (secret) => {
      const answer = await tenant.api.post(PATH, { url: URL, events: ['*'], secret });
      expect(answer).toMatchObject({ status: 400, body: { details: [{ field: 'secret' }] } });
      expect(JSON.stringify(answer.body)).not.toContain(secret.slice(6) || 'whsec_!');
    },
  );

  it.each([24, 25, 26, 32, 62, 63, 64])('accepts a secret of %i bytes', async (bytes) => {
    const { subscriptionId } = await subscribe(tenant, URL, { secret: secretOf(bytes) });
    await tenant.api.delete(`${PATH}/${subscriptionId}`);
  });

  it('with an unknown event is refused with suggestions', async () => {
    const answer = await tenant.api.post(PATH, { url: URL, events: ['investigation.complete'] });
    expect(answer.status).toBe(400);
    expect(answer.body['message']).toMatch(
      /"investigation\.complete" matches no event.*investigation\.completed/,
    );
  });
});

describe('webhook subscriptions are only for admins of the tenant', () => {
  const routes = (id: string, delivery: string): [string, string, object?][] => [
    ['GET', `${PATH}/${id}`],
    ['PATCH', `${PATH}/${id}`, { enabled: false }],
    ['POST', `${PATH}/${id}/test`],
    ['POST', `${PATH}/${id}/rotate-secret`, {}],
    ['GET', `${PATH}/${id}/deliveries`],
    ['POST', `${PATH}/${id}/deliveries/${delivery}/redeliver`],
    ['DELETE', `${PATH}/${id}`],
  ];
  const unknown = { id: `whs_${'0'.repeat(26)}`, delivery: `dlv_${'0'.repeat(26)}` };

  it('and forbidden to members and API keys', async () => {
    const { subscriptionId } = await subscribe(tenant, URL);
    const person = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    await tenant.api.post('/v1/users', { ...person, name: 'Grace', role: 'member' });
    const signedIn = await tenant.api.post<{ accessToken: string }>('/v1/auth/login', person);
    const member = new Api(server.url, signedIn.body.accessToken);
    const program = await programOf(tenant, 'incidents:read', 'events:read');
    for (const caller of [member, program]) {
      for (const [method, path, body] of [
        ['GET', PATH] as const,
        ['POST', PATH, { url: URL, events: ['*'] }] as const,
        ...routes(subscriptionId, unknown.delivery),
      ]) {
        const answer = await caller.call<Record<string, unknown>>(method, path, { body });
        expect([method, path, answer.status, answer.body['error']]).toEqual([method, path, 403, 'forbidden']);
      }
    }
    expect((await tenant.api.get(`${PATH}/${subscriptionId}`)).body).toMatchObject({ enabled: true });
  });

  it('and those of another tenant look like ones that never existed', async () => {
    const { subscriptionId } = await subscribe(tenant, URL);
    const stranger = await newTenant(server.url);
    const [foreign, missing] = [
      routes(subscriptionId, unknown.delivery),
      routes(unknown.id, unknown.delivery),
    ];
    for (const [at, [method, path, body]] of foreign.entries()) {
      const [, missingPath = ''] = missing[at] ?? [];
      const [theirs, none] = [
        await stranger.api.call<Record<string, unknown>>(method, path, { body }),
        await stranger.api.call<Record<string, unknown>>(method, missingPath, { body }),
      ];
      expect([method, path, theirs.status]).toEqual([method, path, 404]);
      expect({ ...theirs.body, requestId: '' }).toEqual({ ...none.body, requestId: '' });
    }
    expect((await stranger.api.get(PATH)).body).toEqual({ items: [], nextCursor: null });
    expect((await tenant.api.get(`${PATH}/${subscriptionId}`)).body).toMatchObject({ enabled: true });
  });
});
