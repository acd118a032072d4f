import { afterEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { OutboundCall } from './exchange.js';
import type { Resolve } from './fair-lookup.js';
import { GuardedFetch } from './guarded-fetch.js';
import { OutboundFailedError, OutboundRefusedError } from './outbound-errors.js';

const servers: Server[] = [];
const sockets = new Set<Socket>();

async function listen(server: Server): Promise<number> {
  servers.push(server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener) => listen(createHttpServer(listener));
/** A server that answers every connection with these bytes and leaves it open or closes it. */
const serveBytes = (bytes: string, close = false) =>
  listen(
    createTcpServer(
      (socket) => void socket.once('data', () => (close ? socket.end(bytes) : socket.write(bytes))),
    ),
  );

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const loopback = new GuardedFetch(['127.0.0.0/8']);
const get = (port: number, more: Partial<OutboundCall> = {}) =>
  loopback.request({ method: 'GET', url: `http://127.0.0.1:${port}/`, ...more });

async function failure(call: Promise<unknown>): Promise<OutboundFailedError> {
  const error = await call.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(OutboundFailedError);
  return error as OutboundFailedError;
}

describe('a call to an allowed address', () => {
  it('sends the request and returns status, headers and body', async () => {
    const port = await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(201, {
          'x-seen': `${request.method} ${request.url} ${String(request.headers['x-a'])}`,
        });
        response.end(Buffer.concat(chunks));
      });
    });
    const call = {
      method: 'POST',
      headers: { 'x-a': '1' },
      body: '{"é":1}',
      url: `http://127.0.0.1:${port}/a?b=c`,
    };
    const answer = await loopback.request(call);
    expect(answer).toMatchObject({ status: 201, headers: { 'x-seen': 'POST /a?b=c 1' } });
    expect(answer.body.toString()).toBe('{"é":1}');
  });

  it('does not follow a redirect', async () => {
    let calls = 0;
    const port = await serve((_, response) => {
      calls++;
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    expect(await get(port)).toMatchObject({ status: 302, headers: { location: '/elsewhere' } });
    expect(calls).toBe(1);
  });

  it('reads a body delimited by the end of the connection, and responses without a body', async () => {
    expect((await get(await serveBytes('HTTP/1.1 200 OK\r\n\r\nto the end', true))).body.toString()).toBe(
      'to the end',
    );
    expect((await get(await serve((_, response) => response.writeHead(204).end()))).body).toHaveLength(0);
  });

  it('connects to the checked address, after a single look-up', async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    const lookups: string[] = [];
    const resolve: Resolve = (host, done) => {
      lookups.push(host);
      done(null, [{ address: lookups.length === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
    };
    const answer = await new GuardedFetch(['127.0.0.1'], resolve).request({
      method: 'GET',
      url: `http://hooks.test:${port}/`,
    });
    expect(answer.body.toString()).toBe(`hooks.test:${port}`);
    expect(lookups).toEqual(['hooks.test']);
  });
});

describe('a forbidden address', () => {
  const none = new GuardedFetch([], (_, done) => {
    done(null, [
      { address: '93.184.216.34', family: 4 },
      { address: '::ffff:10.0.0.7', family: 6 },
    ]);
  });

  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0177.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0.0.0.0/',
    'https://user:pw@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'not a url',
  ])('is refused before anything is sent: %s', async (url) => {
    await expect(none.request({ method: 'GET', url })).rejects.toBeInstanceOf(OutboundRefusedError);
  });

  it('is refused when any address of its name is forbidden, without naming it', async () => {
    const refused = none.request({ method: 'GET', url: 'https://hooks.test/' });
    await expect(refused).rejects.toBeInstanceOf(OutboundRefusedError);
    await expect(refused).rejects.toThrow(/^hooks\.test leads to a private address/);
    await expect(refused).rejects.not.toThrow(/10\.0\.0\.7/);
  });

  it('is not reached through a DNS look-up either', async () => {
    let calls = 0;
    const port = await serve((_, response) => response.end(String(calls++)));
    const refused = new GuardedFetch([]).request({ method: 'GET', url: `http://localhost:${port}/` });
    await expect(refused).rejects.toBeInstanceOf(OutboundRefusedError);
    expect(calls).toBe(0);
  });
});

describe('a call that fails', () => {
  it('reports that nothing was sent when the connection was refused', async () => {
    const port = await serve(() => undefined);
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));
    expect(await failure(get(port))).toMatchObject({
      reason: 'connection refused',
      bytesSent: 'none',
      status: undefined,
    });
  });

  it('reports that nothing was sent when the name is unknown or cannot be looked up in time', async () => {
    const unknown = new GuardedFetch([], (_, done) => {
      done(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), []);
    });
    const call = { method: 'GET', url: 'http://hooks.test/', timeoutMs: 50 };
    expect(await failure(unknown.request(call))).toMatchObject({
      reason: 'the host name is unknown',
      bytesSent: 'none',
    });
    const silent = new GuardedFetch([], () => undefined);
    expect(await failure(silent.request(call))).toMatchObject({
      reason: 'timed out after 0.05 s',
      bytesSent: 'none',
    });
  });

  it('reports that nothing was sent when the server does not support TLS', async () => {
    const url = `https://127.0.0.1:${await serveBytes('HTTP/1.1 400 Bad Request\r\n\r\n')}/`;
    const error = await failure(loopback.request({ method: 'POST', url, body: 'secret' }));
    expect(error.reason).toMatch(/^TLS error \([\w ]+\)$/);
    expect(error.bytesSent).toBe('none');
  });

  it('reports that something may have been sent when the response times out', async () => {
    const port = await serve(() => undefined);
    const error = await failure(get(port, { timeoutMs: 1_000 }));
    expect(error).toMatchObject({ reason: 'timed out after 1 s', bytesSent: 'maybe', status: undefined });
  });

  it('includes the body in the time-out, and keeps the status received', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write('.'), 10);
      response.on('close', () => {
        clearInterval(drip);
      });
    });
    const error = await failure(get(port, { timeoutMs: 1_000 }));
    expect(error).toMatchObject({ reason: 'timed out after 1 s', bytesSent: 'maybe', status: 200 });
  });

  it('stops reading an oversized body and closes the connection', async () => {
    let hungUp: (() => void) | undefined;
    const closed = new Promise<void>((resolve) => (hungUp = resolve));
    const port = await serve((_, response) => {
      const pour = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on('drain', pour).on('close', () => hungUp?.());
      pour();
    });
    const error = await failure(get(port, { maxResponseBytes: 100_000 }));
    expect(error).toMatchObject({
      reason: 'the answer is larger than 100000 bytes',
      bytesSent: 'maybe',
      status: 200,
    });
    await closed;
  });

  it.each([
    ['HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', /closed before the answer/],
    ['', /closed before the answer/],
    [
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n',
      /closed before the answer/,
    ],
    ['SSH-2.0-OpenSSH_9.6\r\n', /not valid HTTP/],
    [`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`, /headers of the answer are too large/],
  ])('names a broken answer: %#', async (bytes, reason) => {
    const error = await failure(get(await serveBytes(bytes, true)));
    expect(error.reason).toMatch(reason);
    expect(error.bytesSent).toBe('maybe');
  });

  it('can be cancelled, before and during the call', async () => {
    const port = await serve(() => undefined);
    const during = new AbortController();
    setTimeout(() => {
      during.abort();
    }, 30);
    expect(await failure(get(port, { signal: during.signal }))).toMatchObject({ reason: 'it was cancelled' });
    const before = await failure(get(port, { signal: AbortSignal.abort() }));
    expect(before).toMatchObject({ reason: 'it was cancelled', bytesSent: 'none' });
  });

  it('refuses a header value that injects another header', async () => {
    const error = await failure(get(1, { headers: { 'x-a': 'b\r\nx-c: d' } }));
    expect(error.bytesSent).toBe('none');
  });
});

describe('the address of a name, for another protocol', () => {
  const named = (...addresses: string[]): Resolve =>
    (_, done) => { done(null, addresses.map((address) => ({ address, family: 4 }))); }; // prettier-ignore

  it('is checked', async () => {
    expect(await loopback.addressOf('127.0.0.1')).toBe('127.0.0.1');
    expect(await new GuardedFetch([], named('93.184.216.34')).addressOf('db.example.com')).toBe(
      '93.184.216.34',
    );
  });

  it.each([
    ['written out', '127.0.0.1', named()],
    ['behind a name', 'db.example.com', named('10.1.2.3')],
    ['as one of several', 'db.example.com', named('93.184.216.34', '169.254.169.254')],
  ])('is refused inside the network: %s', async (_, host, resolve) => {
    await expect(new GuardedFetch([], resolve).addressOf(host)).rejects.toThrow(OutboundRefusedError);
  });

  it('is refused when the name is unknown', async () => {
    const unknown: Resolve = (_, done) => { done(Object.assign(new Error(), { code: 'ENOTFOUND' }), []); }; // prettier-ignore
    const error = await failure(new GuardedFetch([], unknown).addressOf('db.example.com'));
    expect([error.reason, error.bytesSent]).toEqual(['the host name is unknown', 'none']);
  });
});

describe('a private certificate authority', () => {
  const { stdout } = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-days',
    '1',
    '-subj',
    '/CN=test',
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    '-',
    '-out',
    '-',
  ]);
  // Null, whatever its type says, when there is no such program.
  const pem = String(stdout); // prettier-ignore
  const certificate = /-----BEGIN CERTIFICATE-----[^]*/.exec(pem)?.[0] ?? '';
  if (certificate === '')
    process.stderr.write('\nSKIPPED: there is no openssl to make a certificate with.\n\n');

  (certificate === '' ? it.skip : it)('is trusted when it is named, and only then', async () => {
    const port = await listen(
      createHttpsServer({ key: pem, cert: certificate }, (_, response) => response.end('ok')),
    );
    const call = { method: 'GET', url: `https://127.0.0.1:${port}/` };
    const answer = await loopback.request({ ...call, caCertificate: certificate });
    expect([answer.status, answer.body.toString()]).toEqual([200, 'ok']);
    const error = await failure(loopback.request(call));
    expect(error.reason).toMatch(/^TLS error/);
  });
});
