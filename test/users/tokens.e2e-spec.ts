import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';

const JWT_SECRET = randomBytes(32).toString('base64url');

let server: TestServer;
let tenant: TenantUser;
let claims: jwt.JwtPayload;
beforeAll(async () => {
  server = await TestServer.start({ env: { JWT_SECRET } });
  tenant = await newTenant(server.url);
  const { iat, exp, ...rest } = jwt.verify(tenant.api.token ?? '', JWT_SECRET) as jwt.JwtPayload;
  expect(Number(exp) - Number(iat)).toBe(3600);
  claims = rest;
});
afterAll(() => server.stop());

const show = (token: string): Promise<Answer> => new Api(server.url, token).get('/v1/auth/me');
const signed = (overrides: object = {}, secret = JWT_SECRET, options: jwt.SignOptions = {}): string =>
  jwt.sign({ ...claims, ...overrides }, secret, { expiresIn: 60, ...options });
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a token issued by this server', () => {
  it('contains the user, the tenant and the role', () => {
    expect(claims).toEqual({
      sub: tenant.userId,
      email: tenant.email,
      tenant_id: tenant.tenantId,
      roles: ['admin'],
      credentials: 1,
      iss: 'causeflow',
      aud: 'causeflow-api',
    });
  });

  it('is accepted unchanged', async () => {
    expect((await show(signed())).status).toBe(200);
  });

  const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;
  const forgeries: [string, () => string][] = [
    ['expired', () => signed({}, JWT_SECRET, { expiresIn: -1 })],
    ['unlimited', () => jwt.sign(claims, JWT_SECRET)],
    ['for another audience', () => signed({ aud: 'another-api' })],
    ['by another issuer', () => signed({ iss: 'https://elsewhere.example' })],
    ['without an issuer', () => signed({ iss: undefined })],
    ['signed with another secret', () => signed({}, randomBytes(32).toString('hex'))],
    ['signed with another algorithm', () => signed({}, JWT_SECRET, { algorithm: 'HS512' })],
    ['of an unknown user', () => signed({ sub: 'user_01HX9VTPQR3KF8MZWBYD5N6JCE' })],
    ['of an unknown tenant', () => signed({ tenant_id: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE' })],
    ['of no tenant', () => signed({ tenant_id: undefined })],
    ['from before its user’s last change', () => signed({ credentials: 0 })],
    ['from after its user’s last change', () => signed({ credentials: 2 })],
    ['without a signature', () => `${part({ alg: 'none', typ: 'JWT' })}.${part({ ...claims, exp: inAnHour() })}.`],
    ['signed, with the algorithm none', () => {
      const body = `${part({ alg: 'none' })}.${part({ ...claims, exp: inAnHour() })}`;
      return `${body}.${createHmac('sha256', JWT_SECRET).update(body).digest('base64url')}`;
    }],
    ['with another payload and the same signature', () => {
      const [head = '', , signature = ''] = (tenant.api.token ?? '').split('.');
      return [head, part({ ...claims, roles: ['admin'], tenant_id: 'ten_0', exp: inAnHour() }), signature].join('.');
    }],
    ['truncated', () => signed().slice(0, -4)],
    ['malformed', () => 'malformed'],
  ]; // prettier-ignore
  it.each(forgeries)('is refused when it is %s', async (_, forge) => {
    const answer = await show(forge());
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.body).toEqual({
      error: 'unauthorized',
      message: 'Sign in: the request carries no valid token.',
      requestId: expect.any(String),
    });
  });

  it('is read from the Authorization header only', async () => {
    const anyone = new Api(server.url);
    const token = tenant.api.token ?? '';
    const answers = [
      await anyone.get('/v1/auth/me'),
      await anyone.get(`/v1/auth/me?access_token=${token}`),
      await anyone.get('/v1/auth/me', { headers: { authorization: token } }),
      await anyone.get('/v1/auth/me', { headers: { authorization: `Basic ${token}` } }),
      await anyone.get('/v1/auth/me', { headers: { cookie: `token=${token}` } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(5).fill(401));
    const lowerCase = await anyone.get('/v1/auth/me', { headers: { authorization: `bearer ${token}` } });
    expect(lowerCase.status).toBe(200);
  });

  it('grants the role in the database, whatever roles it claims', async () => {
    const password = randomBytes(12).toString('hex');
    const email = `m-${randomBytes(6).toString('hex')}@example.com`;
    const member = await tenant.api.post<{ userId: string }>('/v1/users', {
      email,
      name: 'Grace',
      role: 'member',
      password,
    });
    const api = new Api(server.url, signed({ sub: member.body.userId, roles: ['admin'] }));
    expect((await api.get('/v1/auth/me')).body).toMatchObject({ roles: ['member'] });
    expect((await api.get('/v1/api-keys')).status).toBe(403);
  });

  it('is not required for unknown routes', async () => {
    expect((await new Api(server.url).get('/v1/nothing')).status).toBe(404);
    expect((await new Api(server.url).delete('/v1/auth/me')).status).toBe(405);
  });
});
