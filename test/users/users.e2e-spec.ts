import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { AsyncApi } from '../support/asyncapi.js';
import { sql } from '../support/database.js';
import { OpenApi } from '../support/openapi.js';
import { TestServer } from '../support/server.js';

interface User {
  readonly userId: string;
  readonly email: string;
  readonly role: string;
}

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

const newEmail = (): string => `user-${randomBytes(6).toString('hex')}@example.com`;

async function added({ api }: TenantUser, overrides: object = {}): Promise<User> {
  const answer = await api.post<User>('/v1/users', {
    email: newEmail(),
    name: 'Grace',
    role: 'member',
    ...overrides,
  });
  expect(answer.status).toBe(201);
  return answer.body;
}

/** Adds a user and signs them in. */
async function as(admin: TenantUser, role: string): Promise<TenantUser> {
  const password = randomBytes(12).toString('hex');
  const { email, userId } = await added(admin, { role, password });
  const { body } = await new Api(server.url).post<{ accessToken: string }>('/v1/auth/login', {
    email,
    password,
  });
  return { api: new Api(server.url, body.accessToken), tenantId: admin.tenantId, userId, email, password };
}

async function eventsOf(tenantId: string, type: string): Promise<unknown[]> {
  const rows = await sql<{ data: unknown }>(
    server.database.url,
    'SELECT data FROM events WHERE tenant_id = $1 AND type = $2 ORDER BY seq',
    [tenantId, type],
    tenantId,
  );
  return rows.map(({ data }) => data);
}

describe('a user', () => {
  it('is added, read, changed and removed, each with its event', async () => {
    const own = await newTenant(server.url);
    const email = newEmail();
    const created = await own.api.post<User>('/v1/users', { email, name: 'Grace', role: 'member' });
    const { userId } = created.body;
    expect(created.headers.get('location')).toBe(`/v1/users/${userId}`);
    expect(created.body).toEqual({
      userId: expect.stringMatching(/^user_/),
      email,
      name: 'Grace',
      role: 'member',
      createdAt: expect.stringMatching(/Z$/),
      updatedAt: expect.stringMatching(/Z$/),
      setPasswordToken: expect.any(String),
    });

    const changed = await own.api.patch<User>(`/v1/users/${userId}`, { name: 'Grace Hopper', role: 'admin' });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ userId, email, name: 'Grace Hopper', role: 'admin' });
    const read = await own.api.get<User>(`/v1/users/${userId}`);
    expect(read.body).toEqual(changed.body);

    expect((await own.api.delete(`/v1/users/${userId}`)).status).toBe(204);
    expect((await own.api.get(`/v1/users/${userId}`)).status).toBe(404);
    expect((await own.api.delete(`/v1/users/${userId}`)).status).toBe(404);
    expect((await own.api.patch(`/v1/users/${userId}`, { name: 'Ghost' })).status).toBe(404);

    expect((await eventsOf(own.tenantId, 'user.created'))[1]).toMatchObject({
      userId,
      email,
      role: 'member',
    });
    expect(await eventsOf(own.tenantId, 'user.updated')).toEqual([
      { userId, changes: { name: 'Grace Hopper', role: 'admin' }, updatedAt: expect.any(String) },
    ]);
    expect(await eventsOf(own.tenantId, 'user.deleted')).toEqual([{ userId, email, deletedBy: own.userId }]);
  });

  it('publishes nothing when nothing has changed', async () => {
    const own = await newTenant(server.url);
    const { userId } = await added(own);
    await own.api.patch(`/v1/users/${userId}`, { name: 'Grace', role: 'member' });
    await own.api.patch(`/v1/users/${userId}`, {});
    expect(await eventsOf(own.tenantId, 'user.updated')).toEqual([]);
  });

  it('frees its address when removed, and cannot take another user’s', async () => {
    const { userId, email } = await added(tenant);
    const other = await newTenant(server.url);
    const taken = await other.api.post('/v1/users', {
      email: email.toUpperCase(),
      name: 'Twin',
      role: 'member',
    });
    expect(taken.status).toBe(409);
    expect(taken.body).toMatchObject({ error: 'already_exists' });
    expect((await other.api.patch(`/v1/users/${other.userId}`, { email })).status).toBe(409);
    await tenant.api.delete(`/v1/users/${userId}`);
    expect((await added(other, { email })).email).toBe(email);
  });

  it.each([
    ['without a name', { name: undefined }],
    ['with a role that is none', { role: 'owner' }],
    ['with a short password', { password: 'short' }],
    ['with an unknown property', { isRoot: true }],
  ])('is not added %s', async (_, wrong) => {
    const body = { email: newEmail(), name: 'Grace', role: 'member', ...wrong };
    expect((await tenant.api.post('/v1/users', body)).status).toBe(400);
  });
});

describe('the list of users', () => {
  it('is as documented for addresses without a dot and with letters beyond ASCII', async () => {
    const own = await newTenant(server.url);
    await added(own, { email: newEmail().replace('@example.com', '.zoë@localhost') });
    const [openApi, asyncApi] = await Promise.all([OpenApi.of(server.url), AsyncApi.of(server.url)]);
    expect(openApi.faultsOf('listUsers', await own.api.get('/v1/users'))).toEqual([]);
    const { body } = await own.api.get<{ items: { id: string; event: string }[] }>(
      '/v1/notifications/events',
    );
    expect(body.items.flatMap(({ id: _, ...event }) => asyncApi.faultsOf(event.event, event))).toEqual([]);
  });

  it('is paged without skips or repeats while users are added', async () => {
    const own = await newTenant(server.url);
    const expected = [own.userId];
    for (let n = 0; n < 6; n++) expected.push((await added(own)).userId);
    const seen: string[] = [];
    for await (const page of own.api.pages<User>('/v1/users?limit=3')) {
      seen.push(...page.map(({ userId }) => userId));
      if (seen.length === 3) expected.push((await added(own)).userId);
    }
    expect(seen).toEqual(expected);
  });

  it.each([['limit=0'], ['limit=101'], ['limit=ten'], ['cursor=e30.AAAA'], ['cursor=%00'], ['surprise=1']])(
    'refuses ?%s',
    async (query) => {
      const answer = await tenant.api.get(`/v1/users?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ error: 'validation_error' });
    },
  );

  it('refuses a cursor of another tenant', async () => {
    const own = await newTenant(server.url);
    await added(own);
    const { body } = await own.api.get<{ nextCursor: string }>('/v1/users?limit=1');
    expect((await tenant.api.get(`/v1/users?limit=1&cursor=${body.nextCursor}`)).status).toBe(400);
    expect((await own.api.get(`/v1/users?limit=1&cursor=${body.nextCursor}`)).status).toBe(200);
  });
});

describe('admins', () => {
  // Another replica may have a stale role of its caller cached: there the rule itself must hold.
  let replica: TestServer;
  beforeAll(async () => {
    replica = await TestServer.start({ database: server.database });
  });
  afterAll(() => replica.stop());

  it('can neither change their own role nor remove themselves', async () => {
    const path = `/v1/users/${tenant.userId}`;
    const [demoted, removed] = [
      await tenant.api.patch(path, { role: 'member' }),
      await tenant.api.delete(path),
    ];
    expect([demoted.status, removed.status]).toEqual([403, 403]);
    expect((await tenant.api.patch(path, { role: 'admin', name: 'Ada' })).status).toBe(200);
  });

  it('who were demoted cannot promote themselves on a replica with a stale cache', async () => {
    const first = await newTenant(server.url);
    const second = await as(first, 'admin');
    const [path, there] = [`/v1/users/${second.userId}`, new Api(replica.url, second.api.token)];
    expect((await there.get('/v1/auth/me')).status).toBe(200);
    expect((await first.api.patch(path, { role: 'member' })).status).toBe(200);
    expect([401, 403]).toContain((await there.patch(path, { role: 'admin' })).status);
    expect((await first.api.get(path)).body['role']).toBe('member');
  });

  it.each<[string, (by: TenantUser, of: TenantUser) => Promise<Answer>]>([
    ['demote', ({ api }, { userId }) => api.patch(`/v1/users/${userId}`, { role: 'member' })],
    ['remove', ({ api }, { userId }) => api.delete(`/v1/users/${userId}`)],
  ])('who %s each other concurrently leave one', async (_, dismiss) => {
    for (let round = 0; round < 5; round++) {
      const first = await newTenant(server.url);
      const promoted = await as(first, 'admin');
      const second = { ...promoted, api: new Api(replica.url, promoted.api.token) };
      expect((await second.api.get('/v1/auth/me')).status).toBe(200);
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, at) => (at % 2 ? dismiss(first, second) : dismiss(second, first))),
      );
      expect(answers.some(({ status }) => status === 409)).toBe(true);
      expect(answers.every(({ status }) => status < 500)).toBe(true);
      const [left] = await sql<{ count: string }>(
        server.database.url,
        `SELECT count(*) FROM users WHERE tenant_id = $1 AND role = 'admin' AND deleted_at IS NULL`,
        [first.tenantId],
        first.tenantId,
      );
      expect(left?.count).toBe('1');
    }
  });
});

describe('a member', () => {
  let member: TenantUser;
  beforeAll(async () => {
    member = await as(tenant, 'member');
  });

  it('reads users and tenant', async () => {
    for (const path of ['/v1/users', `/v1/users/${tenant.userId}`, `/v1/tenants/${tenant.tenantId}`]) {
      expect((await member.api.get(path)).status).toBe(200);
    }
  });

  it('writes neither, and cannot see API keys, whatever the body is', async () => {
    const path = `/v1/users/${tenant.userId}`;
    const answers = [
      await member.api.post('/v1/users', '{'),
      await member.api.patch(path, { role: 'member' }),
      await member.api.delete(path),
      await member.api.patch(`/v1/tenants/${tenant.tenantId}`, { name: 'Mine' }),
      await member.api.get('/v1/api-keys'),
      await member.api.post('/v1/api-keys', { name: 'mine' }),
      await member.api.delete('/v1/api-keys/key_01HX9VTPQR3KF8MZWBYD5N6JCE'),
      await member.api.post('/v1/api-keys/key_01HX9VTPQR3KF8MZWBYD5N6JCE/rotate-secret'),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(8).fill(403));
    expect(answers[0]?.body).toMatchObject({ error: 'forbidden' });
  });
});

describe('between two tenants', () => {
  it('a user of another tenant looks like one that never existed', async () => {
    const stranger = await newTenant(server.url);
    const response = ({ status, body }: Answer): unknown => ({ status, ...body, requestId: '' });
    for (const attempt of [
      (id: string) => stranger.api.get(`/v1/users/${id}`),
      (id: string) => stranger.api.patch(`/v1/users/${id}`, { name: 'Mine', role: 'member' }),
      (id: string) => stranger.api.delete(`/v1/users/${id}`),
    ]) {
      const missing = await attempt('user_01HX9VTPQR3KF8MZWBYD5N6JCE');
      expect(missing.status).toBe(404);
      expect(response(await attempt(tenant.userId))).toEqual(response(missing));
    }
    const { body } = await stranger.api.get<{ items: User[] }>('/v1/users?limit=100');
    expect(body.items.map(({ userId }) => userId)).toEqual([stranger.userId]);
  });

  it.each(['nonsense', 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE', '%00', 'user_%F0%9F%94%A5', '..%2F..%2Fetc'])(
    'an id of the wrong kind is not found: %s',
    async (id) => {
      const answer = await tenant.api.get(`/v1/users/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body).toMatchObject({ error: 'not_found' });
    },
  );
});
