import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey, newTenant, type TenantUser } from '../support/api.js';
import { OpenApi, type Operation } from '../support/openapi.js';
import { TestServer } from '../support/server.js';

const SCOPES = ['incidents:read', 'incidents:write', 'changes:write', 'events:read', 'webhooks:write'];

/** High enough that no request is refused; each is still counted. */
const LIMITED = {
  RATE_LIMIT_PRO_PER_MINUTE: '100000',
  RATE_LIMIT_ANONYMOUS_PER_MINUTE: '100000',
  RATE_LIMIT_INGEST_PER_MINUTE: '100000',
};

let server: TestServer;
let admin: TenantUser;
let openApi: OpenApi;

beforeAll(async () => {
  server = await TestServer.start({ env: LIMITED });
  admin = await newTenant(server.url);
  openApi = await OpenApi.of(server.url);
});
afterAll(() => server.stop());

/** Sends a request without a body: authorisation comes before validation. */
async function request(
  operation: Operation,
  token?: string,
): Promise<{ status: number; error: string; headers: Headers }> {
  const abort = new AbortController();
  const response = await fetch(server.url + openApi.address(operation), {
    method: operation.method,
    signal: abort.signal,
    ...(token && { headers: { authorization: `Bearer ${token}` } }),
  });
  const body = response.ok ? '{}' : await response.text();
  abort.abort();
  const { error = '' } = JSON.parse(body) as { error?: string };
  return { status: response.status, error, headers: response.headers };
}

const requiredBy = ({ security }: Operation, scheme: string) =>
  security.flatMap((requirement) => requirement[scheme] ?? []);
const accepts = ({ security }: Operation, scheme: string) =>
  security.some((requirement) => scheme in requirement);

/** The ids of operations that differ from the expectation. */
async function unexpected(
  expected: (operation: Operation) => boolean,
  actual: (operation: Operation) => Promise<boolean>,
) {
  const wrong: string[] = [];
  for (const operation of openApi.operations) {
    if ((await actual(operation)) !== expected(operation)) wrong.push(operation.operationId);
  }
  return wrong;
}

describe('the security of each operation is as documented', () => {
  it('without credentials: 401 if any are required', async () => {
    const isRefused = async (operation: Operation) => (await request(operation)).status === 401;
    // OpenAPI cannot express a secret that is part of the path.
    const isProtected = ({ security, path }: Operation) =>
      security.length > 0 || path.includes('{ingestToken}');
    expect(await unexpected(isProtected, isRefused)).toEqual([]);
  });

  it('for members: 403 if the admin role is required', async () => {
    const person = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    expect((await admin.api.post('/v1/users', { ...person, name: 'Grace', role: 'member' })).status).toBe(
      201,
    );
    const signedIn = await admin.api.post<{ accessToken: string }>('/v1/auth/login', person);
    const isRefused = async (operation: Operation) =>
      (await request(operation, signedIn.body.accessToken)).error === 'forbidden';
    const expected = (operation: Operation) => requiredBy(operation, 'bearerAuth').includes('admin');
    expect(await unexpected(expected, isRefused)).toEqual([]);
  });

  it.each(SCOPES)('for an API key with the scope %s', async (scope) => {
    const { plaintextKey } = await newKey(admin, { scopes: [scope] });
    const isAllowed = async (operation: Operation) =>
      (await request(operation, plaintextKey)).error !== 'forbidden';
    const expected = (operation: Operation) =>
      !accepts(operation, 'bearerAuth') || requiredBy(operation, 'apiKey').includes(scope);
    expect(await unexpected(expected, isAllowed)).toEqual([]);
  });
});

describe('the headers of each operation are as documented', () => {
  const has = (name: string) => async (operation: Operation) =>
    (await request(operation, admin.api.token)).headers.has(name);

  it('every response has X-Request-Id', async () => {
    expect(await unexpected(() => true, has('x-request-id'))).toEqual([]);
  });

  it.each(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])(
    '%s if the operation has a rate limit',
    async (name) => {
      expect(await unexpected(({ responses }) => '429' in responses, has(name))).toEqual([]);
    },
  );
});

it('an optional body can be omitted', async () => {
  const refused: string[] = [];
  const optional = openApi.operations.filter(({ requestBody }) => requestBody?.required === false);
  for (const operation of optional) {
    const address = openApi.address(operation, { provider: 'alertmanager' });
    const { status } = await admin.api.call(operation.method, address);
    if (![200, 201, 404].includes(status)) refused.push(`${operation.operationId} ${String(status)}`);
  }
  expect(optional.length).toBeGreaterThan(10);
  expect(refused).toEqual([]);
});
