import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { within } from '../support/until.js';

interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly userId: string };
}

let server: TestServer;
let replica: TestServer;
let anyone: Api;
beforeAll(async () => {
  server = await TestServer.start();
  replica = await TestServer.start({ database: server.database });
  anyone = new Api(server.url);
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});
// Failures count against the client address, too, which all tests share.
afterEach(() => sql(server.database.url, 'DELETE FROM sign_in_failures'));

const newPassword = (): string => randomBytes(12).toString('hex');
const newEmail = (): string => `user-${randomBytes(6).toString('hex')}@example.com`;
const logIn = (email: string, password: string): Promise<Answer<SignedIn>> =>
  anyone.post<SignedIn>('/v1/auth/login', { email, password });
const refresh = (refreshToken: string): Promise<Answer<SignedIn>> =>
  anyone.post<SignedIn>('/v1/auth/refresh', { refreshToken });
const statusOfMe = async (token: string): Promise<number> =>
  (await new Api(server.url, token).get('/v1/auth/me')).status;

async function newMember({ api }: TenantUser): Promise<{ userId: string; email: string; password: string }> {
  const [email, password] = [newEmail(), newPassword()];
  const answer = await api.post<{ userId: string }>('/v1/users', {
    email,
    name: 'Grace',
    role: 'member',
    password,
  });
  expect(answer.status).toBe(201);
  return { userId: answer.body.userId, email, password };
}

describe('registration', () => {
  it('leads to an account, an API key and an accepted alert', async () => {
    const tenant = await newTenant(server.url);
    const sender = await AlertSender.of(tenant);
    const answer = await sender.send({ title: 'High error rate', description: '5xx above 5 %' });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ incidentId: expect.stringMatching(/^inc_/), status: 'triaging' });
  });

  it('returns the tenant, the admin and their tokens', async () => {
    const email = newEmail();
    const { status, body } = await anyone.post('/v1/auth/register', {
      email,
      password: newPassword(),
      tenantName: 'Engines',
      plan: 'starter',
    });
    expect(status).toBe(201);
    expect(body).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 3600,
      tenant: {
        tenantId: expect.stringMatching(/^ten_/),
        name: 'Engines',
        plan: 'starter',
        status: 'active',
        settings: {
          autoInvestigateMinSeverity: 'medium',
          approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
          retentionDays: { events: 400 },
        },
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: expect.stringMatching(/Z$/),
      },
      user: {
        userId: expect.stringMatching(/^user_/),
        email,
        name: null,
        role: 'admin',
        createdAt: expect.stringMatching(/Z$/),
        updatedAt: expect.stringMatching(/Z$/),
      },
    });
  });

  it('publishes the tenant, then its first admin', async () => {
    const { tenantId, userId, email } = await newTenant(server.url, { name: 'Ada', tenantName: 'Engines' });
    const events = await sql(
      server.database.url,
      'SELECT type, data FROM events WHERE tenant_id = $1 ORDER BY seq',
      [tenantId],
      tenantId,
    );
    const createdAt = expect.any(String);
    expect(events).toEqual([
      { type: 'tenant.created', data: { tenantId, name: 'Engines', plan: 'pro', createdAt } },
      { type: 'user.created', data: { userId, email, name: 'Ada', role: 'admin', createdAt } },
    ]);
  });

  it('accepts an address once when twenty requests use it concurrently, in any case of letters', async () => {
    const email = newEmail();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        anyone.post('/v1/auth/register', {
          email: at % 2 ? email : email.toUpperCase(),
          password: newPassword(),
          tenantName: 'Acme',
        }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ error: 'already_exists' });
  });

  it.each([
    ['a short password', { password: 'elevenchars' }, 'password'],
    ['a malformed address', { email: 'ada' }, 'email'],
    ['an unknown plan', { plan: 'gold' }, 'plan'],
    ['an unknown property', { admin: true }, 'admin'],
    ['a NUL', { tenantName: 'a\0b' }, undefined],
  ])('refuses %s', async (_, wrong, field) => {
    const body = { email: newEmail(), password: newPassword(), tenantName: 'Acme', ...wrong };
    const answer = await anyone.post('/v1/auth/register', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: 'validation_error', ...(field && { details: [{ field }] }) });
  });

  it('is refused when it is disabled, before the body is validated, and the server prints that at start', async () => {
    const closed = await TestServer.start({ env: { SIGNUP_ENABLED: 'false' } });
    const answer = await new Api(closed.url).post('/v1/auth/register', '{').finally(() => closed.stop());
    expect(answer.status).toBe(403);
    expect(answer.body).toMatchObject({ error: 'forbidden' });
    expect(closed.log).toContain('SIGNUP_ENABLED=true');
    expect(closed.log).not.toContain('curl');
  });
});

describe('login', () => {
  it('accepts the address in any case of letters', async () => {
    const { email, password, userId } = await newTenant(server.url);
    const answer = await logIn(email.toUpperCase(), password);
    expect(answer.status).toBe(200);
    expect(answer.body.user.userId).toBe(userId);
    expect(await statusOfMe(answer.body.accessToken)).toBe(200);
  });

  it('answers a wrong password and an unknown address alike', async () => {
    const { email } = await newTenant(server.url);
    const [wrong, unknown] = [await logIn(email, newPassword()), await logIn(newEmail(), newPassword())];
    expect([wrong.status, unknown.status]).toEqual([401, 401]);
    const response = (answer: Answer<unknown>): unknown => ({ ...(answer.body as object), requestId: '' });
    expect(response(wrong)).toEqual(response(unknown));
    expect(response(wrong)).toMatchObject({ error: 'invalid_credentials' });
  });

  it('compares a password once, for a known and an unknown address', async () => {
    const { email } = await newTenant(server.url);
    const compared = async (): Promise<number> => {
      const { body } = await anyone.get<string>('/metrics');
      return Number(/^causeflow_password_checks_total (\d+)$/m.exec(body)?.[1]);
    };
    const costs: number[] = [];
    for (const mail of [email, newEmail(), email, newEmail()]) {
      const before = await compared();
      await logIn(mail, newPassword());
      costs.push((await compared()) - before);
    }
    expect(costs).toEqual([1, 1, 1, 1]);
  });

  it('throttles an e-mail address from the eleventh failure in a minute, with twenty concurrent guesses too', async () => {
    const { email, password } = await newTenant(server.url);
    const guesses = await Promise.all(Array.from({ length: 20 }, () => logIn(email, newPassword())));
    const count = (status: number): number => guesses.filter((guess) => guess.status === status).length;
    expect([count(401), count(429)]).toEqual([10, 10]);
    const right = await logIn(email, password);
    expect(right.status).toBe(429);
    expect(right.body).toMatchObject({ error: 'rate_limit_exceeded' });
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);

    await sql(server.database.url, `UPDATE sign_in_failures SET failed_at = failed_at - interval '1 minute'`);
    expect((await logIn(email, password)).status).toBe(200);
  });

  it('throttles a client address from the 51st failure in a minute, with seventy concurrent guesses too', async () => {
    const guesses = await Promise.all(Array.from({ length: 70 }, () => logIn(newEmail(), newPassword())));
    const count = (status: number): number => guesses.filter((guess) => guess.status === status).length;
    expect([count(401), count(429)]).toEqual([50, 20]);
  });

  it('never throttles successful logins, twenty at once', async () => {
    const { email, password } = await newTenant(server.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => logIn(email, password)));
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
  });

  it('counts failures over all replicas, and per client address', async () => {
    const { email, password } = await newTenant(server.url);
    for (let n = 0; n < 10; n++) expect((await logIn(email, newPassword())).status).toBe(401);
    const elsewhere = await new Api(replica.url).post('/v1/auth/login', { email, password });
    expect(elsewhere.status).toBe(429);

    for (let n = 0; n < 40; n++) expect((await logIn(newEmail(), newPassword())).status).toBe(401);
    expect((await logIn(newEmail(), newPassword())).status).toBe(429);
  });
});

describe('a refresh token', () => {
  it('is valid once, and the session continues with the next one', async () => {
    const { email, password } = await newTenant(server.url);
    const first = (await logIn(email, password)).body;
    const second = await refresh(first.refreshToken);
    expect(second.status).toBe(200);
    expect(await statusOfMe(second.body.accessToken)).toBe(200);
    expect((await refresh(second.body.refreshToken)).status).toBe(200);
  });

  it('ends the whole session when it is used again', async () => {
    const { email, password } = await newTenant(server.url);
    const first = (await logIn(email, password)).body;
    const second = (await refresh(first.refreshToken)).body;
    const again = await refresh(first.refreshToken);
    expect(again.status).toBe(401);
    expect(again.body).toMatchObject({ error: 'unauthorized' });
    expect((await refresh(second.refreshToken)).status).toBe(401);
  });

  it('is accepted once when twenty requests use it concurrently', async () => {
    const { email, password } = await newTenant(server.url);
    const { refreshToken } = (await logIn(email, password)).body;
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(401)]);
  });

  it('is refused after logout, which keeps other sessions', async () => {
    const { email, password } = await newTenant(server.url);
    const [one, other] = [(await logIn(email, password)).body, (await logIn(email, password)).body];
    const { status } = await anyone.post('/v1/auth/logout', { refreshToken: one.refreshToken });
    expect(status).toBe(204);
    expect((await refresh(one.refreshToken)).status).toBe(401);
    expect((await refresh(other.refreshToken)).status).toBe(200);
  });

  it.each(['', 'x', 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE.abc.def'])(
    'is refused when it was never issued: %j',
    async (token) => {
      expect((await refresh(token)).status).toBe(token === '' ? 400 : 401);
    },
  );
});

describe('a change of password', () => {
  it('revokes every earlier token, and returns new ones', async () => {
    const { email, password, api } = await newTenant(server.url);
    const elsewhere = (await logIn(email, password)).body;
    const chosen = newPassword();
    const answer = await api.post<SignedIn>('/v1/auth/password', {
      currentPassword: password,
      newPassword: chosen,
    });
    expect(answer.status).toBe(200);
    expect(await statusOfMe(answer.body.accessToken)).toBe(200);
    expect(await statusOfMe(api.token ?? '')).toBe(401);
    expect(await statusOfMe(elsewhere.accessToken)).toBe(401);
    expect((await refresh(elsewhere.refreshToken)).status).toBe(401);
    expect((await logIn(email, password)).status).toBe(401);
    expect((await logIn(email, chosen)).status).toBe(200);
  });

  it('requires the current one', async () => {
    const { api } = await newTenant(server.url);
    const answer = await api.post('/v1/auth/password', {
      currentPassword: newPassword(),
      newPassword: newPassword(),
    });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: 'invalid_credentials' });
  });
});

describe('every earlier token is revoked within five seconds on every replica', () => {
  const changes: [string, (admin: TenantUser, userId: string) => Promise<Answer>][] = [
    ['a change of role', ({ api }, userId) => api.patch(`/v1/users/${userId}`, { role: 'admin' })],
    ['a deletion', ({ api }, userId) => api.delete(`/v1/users/${userId}`)],
  ];
  it.each(changes)('after %s', async (_, change) => {
    const admin = await newTenant(server.url);
    const member = await newMember(admin);
    const { accessToken, refreshToken } = (await logIn(member.email, member.password)).body;
    const there = new Api(replica.url, accessToken);
    expect((await there.get('/v1/auth/me')).status).toBe(200);
    expect(await statusOfMe(accessToken)).toBe(200);

    expect((await change(admin, member.userId)).status).toBeLessThan(300);
    expect(await statusOfMe(accessToken)).toBe(401);
    await within(
      5,
      'the other replica refuses it',
      async () => (await there.get('/v1/auth/me')).status === 401,
    );
    expect((await refresh(refreshToken)).status).toBe(401);
  });

  it('and a new one is accepted there at once', async () => {
    const { api, password } = await newTenant(server.url);
    expect((await new Api(replica.url, api.token).get('/v1/auth/me')).status).toBe(200);
    const { body } = await api.post<SignedIn>('/v1/auth/password', {
      currentPassword: password,
      newPassword: newPassword(),
    });
    expect((await new Api(replica.url, body.accessToken).get('/v1/auth/me')).status).toBe(200);
  });
});

describe('an invited person', () => {
  it('sets a password once', async () => {
    const { api } = await newTenant(server.url);
    const email = newEmail();
    const invited = await api.post<{ setPasswordToken: string }>('/v1/users', {
      email,
      name: 'Grace',
      role: 'member',
    });
    const { setPasswordToken: token } = invited.body;
    expect((await logIn(email, '')).status).toBe(400);
    expect((await logIn(email, newPassword())).status).toBe(401);

    const password = newPassword();
    const choices = await Promise.all(
      Array.from({ length: 20 }, () =>
        anyone.post('/v1/auth/set-password', { token, newPassword: password }),
      ),
    );
    expect(choices.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(19).fill(401)]);
    expect((await logIn(email, password)).status).toBe(200);
  });

  it('is refused after a day', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const { body } = await api.post<{ setPasswordToken: string }>('/v1/users', {
      email: newEmail(),
      name: 'Grace',
      role: 'member',
    });
    await sql(
      server.database.url,
      `UPDATE users SET invitation_expires_at = invitation_expires_at - interval '24 hours'`,
      [],
      tenantId,
    );
    const answer = await anyone.post('/v1/auth/set-password', {
      token: body.setPasswordToken,
      newPassword: newPassword(),
    });
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: 'invalid_credentials' });
  });
});

describe('GET /v1/auth/me', () => {
  it('returns user, tenant and roles', async () => {
    const { api, tenantId, userId } = await newTenant(server.url);
    const { status, body } = await api.get('/v1/auth/me');
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { userId }, tenant: { tenantId }, roles: ['admin'] });
  });
});
