import { createHmac, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until, within } from '../support/until.js';

/** An identity provider on loopback, with a discovery document and keys that sign tokens. */
class Provider {
  readonly rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  readonly ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
  requests = 0;
  private server: Server | undefined;
  issuer = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      this.requests += 1;
      const documents: Record<string, object> = {
        '/.well-known/openid-configuration': { issuer: this.issuer, jwks_uri: `${this.issuer}/keys` },
        '/keys': { keys: [jwk(this.rsa.publicKey, 'rsa', 'RS256'), jwk(this.ec.publicKey, 'ec', 'ES256')] },
      };
      const document = documents[request.url ?? ''];
      response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' });
      response.end(JSON.stringify(document ?? {}));
    });
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.issuer = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server?.closeAllConnections();
    this.server?.close();
  }

  token(claims: object, options: jwt.SignOptions = {}, key: KeyObject = this.rsa.privateKey): string {
    const payload = { iss: this.issuer, aud: 'causeflow', ...claims };
    return jwt.sign(payload, key, { algorithm: 'RS256', keyid: 'rsa', expiresIn: 300, ...options });
  }
}

const jwk = (key: KeyObject, kid: string, alg: string): object => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});

const provider = new Provider();
let server: TestServer;
let replica: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  await provider.start();
  const env = {
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: 'causeflow',
    OIDC_TENANT_CLAIM: 'https://causeflow.example/tenant',
    OIDC_ROLES_CLAIM: 'groups',
  };
  server = await TestServer.start({ env });
  replica = await TestServer.start({ env, database: server.database });
  tenant = await newTenant(server.url);
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
  provider.stop();
});

const person = (overrides: object = {}): Record<string, unknown> => {
  const name = randomBytes(6).toString('hex');
  return {
    sub: `auth0|${name}`,
    email: `${name}@example.com`,
    groups: ['everyone', 'member'],
    'https://causeflow.example/tenant': tenant.tenantId,
    ...overrides,
  };
};
const me = (token: string, url = server.url) =>
  new Api(url, token).get<{ user: { userId: string; email: string; role: string } }>('/v1/auth/me');

describe('a token of the identity provider', () => {
  it.each<[string, jwt.SignOptions, () => KeyObject]>([
    ['RS256', { algorithm: 'RS256', keyid: 'rsa' }, () => provider.rsa.privateKey],
    ['ES256', { algorithm: 'ES256', keyid: 'ec' }, () => provider.ec.privateKey],
  ])('is accepted with %s', async (_, options, key) => {
    const claims = person();
    const answer = await me(provider.token(claims, options, key()));
    expect(answer.status).toBe(200);
    expect(answer.body.user).toMatchObject({ email: claims['email'], role: 'member' });
  });

  const tenantClaim = 'https://causeflow.example/tenant';
  const forgeries: [string, () => string][] = [
    ['expired', () => provider.token(person(), { expiresIn: -1 })],
    ['without an expiry', () => jwt.sign({ iss: provider.issuer, aud: 'causeflow', ...person() }, provider.rsa.privateKey, { algorithm: 'RS256', keyid: 'rsa' })],
    ['for another audience', () => provider.token(person({ aud: 'another-app' }))],
    ['by another issuer', () => provider.token(person({ iss: 'https://elsewhere.example' }))],
    ['by an issuer with a trailing slash', () => provider.token(person({ iss: `${provider.issuer}/` }))],
    ['by our own issuer', () => provider.token(person({ iss: 'causeflow', aud: 'causeflow-api' }))],
    ['signed with a foreign key', () => provider.token(person(), {}, provider.stranger.privateKey)],
    ['with a key id that is not published', () => provider.token(person(), { keyid: 'other' })],
    ['signed with an algorithm that is not pinned', () => provider.token(person(), { algorithm: 'RS512' })],
    ['signed with the public key as a shared secret', () => confused({ alg: 'HS256', kid: 'rsa' })],
    ['without a signature', () => unsigned()],
    ['of an unknown tenant', () => provider.token(person({ [tenantClaim]: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE' }))],
    ['of no tenant', () => provider.token(person({ [tenantClaim]: undefined }))],
    ['without a subject', () => provider.token(person({ sub: undefined }))],
    ['without an address', () => provider.token(person({ email: undefined }))],
    ['without a known role', () => provider.token(person({ groups: ['everyone'] }))],
    ['of an address with a NUL', () => provider.token(person({ email: 'a\0@example.com' }))],
    ['of a subject with a NUL', () => provider.token(person({ sub: 'a\0b' }))],
    ['of an address that another user has', () => provider.token(person({ email: tenant.email.toUpperCase() }))],
  ]; // prettier-ignore
  const claimsNow = (): object => ({ ...person(), iss: provider.issuer, aud: 'causeflow', exp: Date.now() });
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const confused = (header: object): string => {
    const body = `${part(header)}.${part(claimsNow())}`;
    const secret = provider.rsa.publicKey.export({ type: 'spki', format: 'pem' });
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
  };
  const unsigned = (): string => `${part({ alg: 'none', kid: 'rsa' })}.${part(claimsNow())}.`;
  it.each(forgeries)('is refused when it is %s', async (_, forge) => {
    const answer = await me(forge());
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: 'unauthorized' });
  });

  it.each([
    ['jwt expired', () => provider.token(person(), { expiresIn: -1 })],
    ['jwt audience invalid. expected: causeflow', () => provider.token(person({ aud: 'another-app' }))],
    ['is not a tenant id', () => provider.token(person({ [tenantClaim]: 'Acme' }))],
    ['has no role in groups', () => provider.token(person({ groups: ['everyone'] }))],
  ])('has the reason for its refusal logged, but not answered: %s', async (why, forge) => {
    const { status, headers, body } = await me(forge());
    expect(status).toBe(401);
    expect(JSON.stringify(body)).not.toContain(why);
    const line = await until('it is logged', () =>
      server.log.split('\n').find((each) => each.includes(headers.get('x-request-id') ?? 'no id')),
    );
    expect(JSON.parse(line)).toMatchObject({
      msg: 'request refused',
      error: 'unauthorized',
      because: expect.stringContaining(why),
    });
  });

  it('with an unknown key id does not cause a request to the provider each time', async () => {
    const before = provider.requests;
    await Promise.all(
      Array.from({ length: 30 }, (_, at) => me(provider.token(person(), { keyid: `none-${at}` }))),
    );
    expect(provider.requests - before).toBeLessThanOrEqual(4);
  });
});

describe('a user known only to the identity provider', () => {
  it('is provisioned once, however many first requests are concurrent', async () => {
    const claims = person({ groups: 'admin' });
    const token = provider.token(claims);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) => me(token, at % 2 ? server.url : replica.url)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    expect(new Set(answers.map(({ body }) => body.user.userId)).size).toBe(1);
    const [{ body }] = answers as [(typeof answers)[0]];
    expect(body.user).toMatchObject({ role: 'admin', email: claims['email'] });
    const published = await sql(
      server.database.url,
      `SELECT data FROM events WHERE tenant_id = $1 AND type = 'user.created' AND data->>'userId' = $2`,
      [tenant.tenantId, body.user.userId],
      tenant.tenantId,
    );
    expect(published).toEqual([{ data: expect.objectContaining({ email: claims['email'], role: 'admin' }) }]);
  });

  it('has the role that an admin has set here, from the next token on', async () => {
    const claims = person();
    const token = provider.token(claims, { notBefore: 0 });
    const { userId } = (await me(token)).body.user;
    expect((await me(token, replica.url)).status).toBe(200);
    await tenant.api.patch(`/v1/users/${userId}`, { role: 'admin' });
    expect((await me(token)).status).toBe(401);
    await within(
      5,
      'the other replica refuses it',
      async () => (await me(token, replica.url)).status === 401,
    );
    const next = await until('a token is younger than the change', async () => {
      const answer = await me(provider.token(claims));
      return answer.status === 200 && answer;
    });
    expect(next.body.user).toMatchObject({ userId, role: 'admin' });
  });

  it('stays deleted even if the provider still knows them', async () => {
    const claims = person();
    const token = provider.token(claims);
    const { userId } = (await me(token)).body.user;
    expect((await me(token, replica.url)).status).toBe(200);
    expect((await tenant.api.delete(`/v1/users/${userId}`)).status).toBe(204);
    expect((await me(token)).status).toBe(401);
    await within(
      5,
      'the other replica refuses it',
      async () => (await me(token, replica.url)).status === 401,
    );
    expect((await me(provider.token({ ...claims, email: `new-${String(claims['email'])}` }))).status).toBe(
      401,
    );
    const [users] = [
      (await tenant.api.get<{ items: { userId: string }[] }>('/v1/users?limit=100')).body.items,
    ];
    expect(users.map((user) => user.userId)).not.toContain(userId);
  });

  it('is another user in another tenant', async () => {
    const other = await newTenant(server.url);
    const claims = person();
    const [here, there] = [
      await me(provider.token(claims)),
      await me(
        provider.token({
          ...claims,
          [`https://causeflow.example/tenant`]: other.tenantId,
          email: 'x@other.example',
        }),
      ),
    ];
    expect([here.status, there.status]).toEqual([200, 200]);
    expect(here.body.user.userId).not.toBe(there.body.user.userId);
  });
});

describe('while the identity provider does not respond', () => {
  it('its tokens are answered with 503', async () => {
    const away = 'http://127.0.0.1:9';
    const fresh = await TestServer.start({ env: { OIDC_ISSUER: away, OIDC_AUDIENCE: 'causeflow' } });
    const answer = await me(provider.token(person({ iss: away })), fresh.url).finally(() => fresh.stop());
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ error: 'service_unavailable' });
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});
