import { once } from 'node:events';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { OpenApi, type Operation } from '../support/openapi.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

let server: TestServer;
let tenant: TenantUser;
let openApi: OpenApi;
beforeAll(async () => {
  server = await TestServer.start({ env: { CORS_ORIGINS: 'https://app.example.com' } });
  tenant = await newTenant(server.url);
  openApi = await OpenApi.of(server.url);
});
afterAll(() => server.stop());

const ENVELOPE = {
  error: expect.stringMatching(/^[a-z_]+$/),
  message: expect.any(String),
  requestId: expect.any(String),
};
const post = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> =>
  tenant.api.post('/v1/users', body, { headers });

/** Sends raw bytes that Node's own parser rejects, and returns the response. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += String(chunk)));
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

describe('bad input to the management API', () => {
  const refused: { readonly id: string; readonly error: string }[] = [];
  const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  it.each<[string, number, string, () => Promise<Answer>]>([
    ['an address that is none', 404, 'not_found', () => tenant.api.get('/v1/nothing')],
    ['a method that is none here', 405, 'method_not_allowed', () => tenant.api.delete('/v1/auth/login')],
    ['a broken escape in the address', 400, 'validation_error', () => tenant.api.get('/v1/users/%E0%A4%A')],
    ['JSON that is none', 400, 'validation_error', () => post('{"email":')],
    ['no body at all', 400, 'validation_error', () => post('')],
    ['a body that is no object', 400, 'validation_error', () => post('[]')],
    ['a body that is null', 400, 'validation_error', () => post('null')],
    ['null where all may be left out', 400, 'validation_error', () => tenant.api.patch(`/v1/users/${tenant.userId}`, 'null')],
    ['JSON that is none where nothing is read', 400, 'validation_error', () => tenant.api.post('/v1/notifications/stream-tickets', '{')],
    ['bytes that are no UTF-8', 400, 'validation_error', () => post(Buffer.from([0x7b, 0xff, 0x7d]))],
    ['a NUL', 400, 'validation_error', () => post('{"email":"a@b.c","role":"member","name":"\\u0000"}')],
    ['a lone surrogate', 400, 'validation_error', () => post('{"email":"a@b.c","role":"member","name":"\\ud800"}')],
    ['__proto__', 400, 'validation_error', () => post('{"__proto__":{"role":"admin"}}')],
    ['a number out of range', 400, 'validation_error', () => post('{"name":1e999}')],
    ['200 levels of nesting', 400, 'validation_error', () => post(nested(200))],
    ['100 000 levels of nesting', 400, 'validation_error', () => post(nested(100_000))],
    ['2 MiB', 413, 'payload_too_large', () => post(JSON.stringify({ name: 'x'.repeat(2 << 20) }))],
    ['a form', 415, 'unsupported_media_type', () => post('name=Ada', { 'content-type': 'application/x-www-form-urlencoded' })],
    ['plain text', 415, 'unsupported_media_type', () => post('{}', { 'content-type': 'text/plain' })],
    ['a compressed body', 415, 'unsupported_media_type', () => post(gzipSync('{}'), { 'content-encoding': 'gzip' })],
    ['no media type', 415, 'unsupported_media_type', () => post('{}', { 'content-type': '' })],
    ['a parameter twice', 400, 'validation_error', () => tenant.api.get('/v1/users?limit=1&limit=2')],
    ['a parameter that is an object', 400, 'validation_error', () => tenant.api.get('/v1/users?cursor[a]=1')],
    ['a hexadecimal limit', 400, 'validation_error', () => tenant.api.get('/v1/users?limit=0x10')],
    ['a limit with a space', 400, 'validation_error', () => tenant.api.get('/v1/users?limit=%2010')],
    ['an empty number', 400, 'validation_error', () => tenant.api.get('/v1/knowledge?minConfidence=')],
    ['a time of a week', 400, 'validation_error', () => tenant.api.get('/v1/incidents?from=2026-W10-1T12:00:00Z')],
    ['a time of the year 0', 400, 'validation_error', () => tenant.api.get('/v1/changes?to=0000-01-01T00:00:00Z')],
    ['an offset of nowhere', 400, 'validation_error', () => tenant.api.get('/v1/incidents?to=2026-03-01T12:00:00%2B23:00')],
    ['an expiry by day of the year', 400, 'validation_error', () => tenant.api.post('/v1/api-keys', { name: 'a', expiresAt: '2099-060T12:00:00Z' })],
  ])('%s gets a %i', async (_, status, error, send) => {
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ ...ENVELOPE, error });
    expect(Object.keys(answer.body).filter((key) => !['error', 'message', 'requestId', 'details'].includes(key))).toEqual([]);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|\.js:|SELECT|Error:/);
    expect(answer.body['requestId']).toBe(answer.headers.get('x-request-id'));
    refused.push({ id: String(answer.body['requestId']), error });
  }); // prettier-ignore

  it('stores nothing, and is one line in the log, with the reason', async () => {
    const users = await sql(server.database.url, 'SELECT email FROM users', [], tenant.tenantId);
    expect(users).toEqual([{ email: tenant.email }]);
    await until('the log has the last one', () => server.log.includes(refused.at(-1)?.id ?? '-'));
    const lines = server.log.split('\n');
    const logged = refused.map(({ id }) => lines.filter((line) => line.includes(id)));
    expect(logged).toEqual(refused.map(({ error }) => [expect.stringContaining(`"error":"${error}"`)]));
    expect(server.log).not.toMatch(/"level":(50|60|"error"|"fatal")/);
  });

  it('is refused, too, on a route that does not read the body', async () => {
    const silent = openApi.operations.filter(({ method, requestBody }) => method !== 'GET' && !requestBody);
    expect(silent.length).toBeGreaterThan(10);
    for (const operation of silent) {
      const send = (body: object): Promise<Answer> =>
        tenant.api.call(operation.method, openApi.address(operation), { body });
      const { status, body } = await send({ surprise: 1 });
      const details = [{ field: 'surprise', message: 'is not known here' }];
      expect([operation.operationId, status, body]).toMatchObject([
        operation.operationId,
        400,
        { ...ENVELOPE, error: 'validation_error', details },
      ]);
      expect([operation.operationId, (await send({})).status]).not.toEqual([operation.operationId, 400]);
    }
  });

  it('gets the error envelope even when it is not an HTTP request', async () => {
    for (const bytes of [
      'GET /v1/users HTTP/1.1\r\nAuthorization: Bearer x\r\n\r\n',
      `GET /v1/users HTTP/1.1\r\nHost: x\r\nX-Big: ${'x'.repeat(100_000)}\r\n\r\n`,
      'rubbish\r\n\r\n',
    ]) {
      const [head = '', body = ''] = (await raw(bytes)).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 400 /);
      expect(JSON.parse(body)).toEqual({ ...ENVELOPE, error: 'validation_error' });
    }
  });
});

describe('a body as documented', () => {
  const UNKNOWN = { field: 'surprise', message: 'is not known here' };
  const bodies = (): { operation: Operation; schema: object; example: object }[] =>
    openApi.operations.flatMap((operation) => {
      const { schema, example } = operation.requestBody?.content['application/json'] ?? {};
      return schema ? [{ operation, schema, example: example as object }] : [];
    });
  const send = (operation: Operation, body: object): Promise<Answer> =>
    tenant.api.call(operation.method, openApi.address(operation), { body });

  it('has an example that is not refused for its form', async () => {
    const refused: string[] = [];
    for (const { operation, example } of bodies()) {
      // Here the reader has to put in a secret.
      if (operation.operationId === 'connectIntegration') continue;
      const { status, body } = await send(operation, example);
      if (status === 400) refused.push(`${operation.operationId}: ${String(body['message'])}`);
    }
    expect(refused).toEqual([]);
    expect(bodies().length).toBeGreaterThan(30);
  });

  it('takes no unknown properties, except from webhooks', async () => {
    for (const { operation, schema, example } of bodies()) {
      const surprising = { ...example, surprise: 1 };
      const isWebhook = operation.tags.includes('alerts');
      const isDocumented = openApi.named(schema).additionalProperties === false;
      const { status, body } = await send(operation, surprising);
      expect([operation.operationId, isDocumented, status, body]).toMatchObject([
        operation.operationId,
        !isWebhook,
        isWebhook ? 401 : 400,
        isWebhook ? {} : { details: expect.arrayContaining([UNKNOWN]) },
      ]);
    }
  });
});

describe('a response', () => {
  it.each(['/v1/auth/me', '/v1/users/x', '/v1/nothing', '/v1/users/%E0%A4%A', '/metrics', '/openapi.json'])(
    'is stored by nobody, and read as nothing else than it says: %s',
    async (path) => {
      const { headers } = await tenant.api.get(path);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it.each(['custom', 'alertmanager', 'alertmanager/x', 'Alertmanager/?x'])(
    'to an alert is like all others: %s',
    async (source) => {
      const { status, headers } = await tenant.api.post(`/v1/webhooks/${tenant.tenantId}/${source}`, {});
      expect(status).toBe(401);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  it('is small, however many faults the body has', async () => {
    const body = Object.fromEntries(Array.from({ length: 50_000 }, (_, n) => [`a${n}`, n]));
    const { status, text } = await fetch(`${server.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (response) => ({ status: response.status, text: await response.text() }));
    expect(status).toBe(400);
    expect(text.length).toBeLessThan(1_000);
  });
});

describe('an error that quotes what the sender wrote', () => {
  it.each([
    ['one endless name', { ['a'.repeat(900_000)]: 1 }],
    ['names outside the basic plane', { ['😀'.repeat(1_000)]: 1 }],
    ['many names', Object.fromEntries(Array.from({ length: 90 }, (_, n) => [`property-${n}`, n]))],
    ['a name without characters', { '': 1 }],
  ])('is as the document describes it: %s', async (_, body) => {
    const { status, body: envelope } = await tenant.api.post('/v1/users', body);
    expect(status).toBe(400);
    expect(openApi.faultsIn({ $ref: '#/components/schemas/ErrorEnvelope' }, envelope)).toEqual([]);
    expect(JSON.stringify(envelope)).not.toMatch(/\\ud8/);
  });
});

describe('a path that strangers chose', () => {
  it('is cut in the log', async () => {
    const { headers } = await tenant.api.get(`/v1/${'a.'.repeat(7_000)}`);
    const id = headers.get('x-request-id') ?? '-';
    const line = await until('it is logged', () => server.log.split('\n').find((each) => each.includes(id)));
    expect(line.length).toBeLessThan(1_000);
  });
});

describe('a client with an unknown Expect header', () => {
  it.each(['GET /v1/users', 'POST /v1/webhooks/x/custom'])('gets the usual response: %s', async (what) => {
    const answer = await raw(`${what} HTTP/1.1\r\nHost: x\r\nExpect: tea\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
    expect(answer).toMatch(/"error":"(unauthorized|invalid_api_key)"/);
  });
});

describe('X-Request-Id', () => {
  const idOf = async (given?: string): Promise<string | null> =>
    (
      await new Api(server.url).get(
        '/v1/users',
        given === undefined ? {} : { headers: { 'x-request-id': given } },
      )
    ).headers.get('x-request-id');

  it('is taken from the caller, or created', async () => {
    expect(await idOf('deploy-42')).toBe('deploy-42');
    expect(await idOf()).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is created when the caller’s is invalid', async () => {
    for (const given of ['x'.repeat(129), 'a b', '']) expect(await idOf(given)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is stored on the events of the call, with the caller', async () => {
    const user = { email: `r-${Date.now()}@example.com`, name: 'Grace', role: 'member' };
    const { body } = await tenant.api.post('/v1/users', user, { headers: { 'x-request-id': 'trace-7' } });
    const events = await sql(
      server.database.url,
      `SELECT correlation_id, actor FROM events WHERE tenant_id = $1 AND data->>'userId' = $2`,
      [tenant.tenantId, body['userId']],
      tenant.tenantId,
    );
    expect(events).toEqual([{ correlation_id: 'trace-7', actor: tenant.userId }]);
  });
});

describe('a browser of another origin', () => {
  const preflight = (origin: string): Promise<Response> =>
    fetch(`${server.url}/v1/auth/me`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });

  it('is allowed when it is listed', async () => {
    const response = await preflight('https://app.example.com');
    expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(response.headers.get('access-control-max-age')).toBe('7200');
    const answer = await tenant.api.get('/v1/auth/me', { headers: { origin: 'https://app.example.com' } });
    expect(answer.headers.get('access-control-expose-headers')).toMatch(/Retry-After/);
  });

  it('is not allowed when it is not listed, or when the list is empty', async () => {
    expect(
      (await preflight('https://evil.example.com')).headers.get('access-control-allow-origin'),
    ).toBeNull();
    const closed = await TestServer.start();
    const response = await fetch(`${closed.url}/health/live`, {
      headers: { origin: 'https://app.example.com' },
    }).finally(() => closed.stop());
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});
