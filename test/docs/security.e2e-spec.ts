import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey, newTenant, type TenantUser } from '../support/api.js';
import { OpenApi, type Operation } from '../support/openapi.js';
import { TestServer } from '../support/server.js';

const SCOPES = ['incidents:read', 'incidents:write', 'changes:write', 'events:read', 'webhooks:write'];

/** So much that nobody is refused, and everybody is counted. */
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

/** Knocks without a body: who may come in is decided before anybody looks at one. */
async function knock(
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

const needs = ({ security }: Operation, scheme: string) =>
  security.flatMap((requirement) => requirement[scheme] ?? []);
const takes = ({ security }: Operation, scheme: string) =>
  security.some((requirement) => scheme in requirement);

/** Every operation, by name, that does not answer as expected. */
async function otherThan(
  expected: (operation: Operation) => boolean,
  answer: (operation: Operation) => Promise<boolean>,
) {
  const wrong: string[] = [];
  for (const operation of openApi.operations) {
    if ((await answer(operation)) !== expected(operation)) wrong.push(operation.operationId);
  }
  return wrong;
}

describe('the security of each operation is as documented', () => {
  it('for strangers: 401 wherever something is required', async () => {
    const isRefused = async (operation: Operation) => (await knock(operation)).status === 401;
    // OpenAPI has no word for a secret that is part of an address.
    const isClosed = ({ security, path }: Operation) => security.length > 0 || path.includes('{ingestToken}');
    expect(await otherThan(isClosed, isRefused)).toEqual([]);
  });

  it('for members: 403 wherever a role is required', async () => {
    const person = { email: `${randomUUID()}@example.com`, password: randomUUID() };
    expect((await admin.api.post('/v1/users', { ...person, name: 'Grace', role: 'member' })).status).toBe(
      201,
    );
    const signedIn = await admin.api.post<{ accessToken: string }>('/v1/auth/login', person);
    const isRefused = async (operation: Operation) =>
      (await knock(operation, signedIn.body.accessToken)).error === 'forbidden';
    const expected = (operation: Operation) => needs(operation, 'bearerAuth').includes('admin');
    expect(await otherThan(expected, isRefused)).toEqual([]);
  });

  it.each(SCOPES)('for an API key with the scope %s', async (scope) => {
    const { plaintextKey } = await newKey(admin, { scopes: [scope] });
    const isLetIn = async (operation: Operation) =>
      (await knock(operation, plaintextKey)).error !== 'forbidden';
    const expected = (operation: Operation) =>
      !takes(operation, 'bearerAuth') || needs(operation, 'apiKey').includes(scope);
    expect(await otherThan(expected, isLetIn)).toEqual([]);
  });
});

describe('the headers of each operation are as documented', () => {
  const has = (name: string) => async (operation: Operation) =>
    (await knock(operation, admin.api.token)).headers.has(name);

  it('every answer has the id of its request', async () => {
    expect(await otherThan(() => true, has('x-request-id'))).toEqual([]);
  });

  it.each(['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'])(
    '%s wherever there is a limit',
    async (name) => {
      expect(await otherThan(({ responses }) => '429' in responses, has(name))).toEqual([]);
    },
  );
});

it('a body that may be left out is not missed', async () => {
  const missed: string[] = [];
  const without = openApi.operations.filter(({ requestBody }) => requestBody?.required === false);
  for (const operation of without) {
    const address = openApi.address(operation, { provider: 'alertmanager' });
    const { status } = await admin.api.call(operation.method, address);
    if (![200, 201, 404].includes(status)) missed.push(`${operation.operationId} ${String(status)}`);
  }
  expect(without.length).toBeGreaterThan(10);
  expect(missed).toEqual([]);
});
