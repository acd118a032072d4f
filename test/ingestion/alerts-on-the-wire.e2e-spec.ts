import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const LIMIT = 64 * 1024;
const ALERT = JSON.stringify({ title: 'Disk nearly full', description: 'Ä '.repeat(200) });

let server: TestServer;
let tenant: TenantUser;
let sender: AlertSender;
beforeAll(async () => {
  server = await TestServer.start({ env: { MAX_BODY_BYTES: String(LIMIT) } });
  tenant = await newTenant(server.url);
  sender = await AlertSender.of(tenant);
});
afterAll(() => server.stop());

/** A client connection that writes arbitrary bytes and collects what it receives. */
class Wire {
  received = '';

  private constructor(readonly socket: Socket) {
    socket.setNoDelay(true).on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
  }

  static async open({ url } = server): Promise<Wire> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    await once(socket, 'connect');
    return new Wire(socket);
  }

  get answers(): { status: number; head: string; body: string }[] {
    return this.received.split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      return { status: Number(head.slice(9, 12)), head, body };
    });
  }

  async answered(count: number): Promise<void> {
    await until(`${count} answers came`, () => {
      const whole = this.answers.filter(({ head, body }) => {
        const length = /^content-length: (\d+)$/im.exec(head)?.[1];
        return length === undefined ? head.includes('100 Continue') : body.length >= Number(length);
      });
      return whole.length >= count;
    });
  }
}

function head(body: string | Buffer, headers: readonly string[], method = 'POST', version = '1.1'): string {
  return [
    `${method} /v1/webhooks/${tenant.tenantId}/custom HTTP/${version}`,
    'Host: causeflow',
    'Content-Type: application/json',
    `X-API-Key: ${sender.key}`,
    `X-Webhook-Signature: ${sender.sign(String(body))}`,
    ...headers,
    '\r\n',
  ].join('\r\n');
}

const sized = (body: string): string => `Content-Length: ${Buffer.byteLength(body)}`;
const chunked = (...pieces: string[]): string =>
  [...pieces, ''].map((piece) => `${Buffer.byteLength(piece).toString(16)}\r\n${piece}\r\n`).join('');

describe('an alert on the wire', () => {
  it('may arrive in chunks of any size', async () => {
    const wire = await Wire.open();
    const bytes = Buffer.from(head(ALERT, [sized(ALERT)]) + ALERT);
    for (const size of [1, 7, 100, bytes.length]) {
      for (let at = 0; at < bytes.length; at += size) {
        wire.socket.write(bytes.subarray(at, at + size));
        await turn();
      }
    }
    await wire.answered(4);
    expect(wire.answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const rows = await sql<{ raw: Buffer }>(
      server.database.url,
      'SELECT raw FROM alerts',
      [],
      tenant.tenantId,
    );
    expect(new Set(rows.map(({ raw }) => String(raw)))).toEqual(new Set([ALERT]));
    wire.socket.destroy();
  });

  it('may be sent with chunked encoding or with Expect: 100-continue', async () => {
    const wire = await Wire.open();
    const half = ALERT.length >> 1;
    wire.socket.write(
      head(ALERT, ['Transfer-Encoding: chunked']) + chunked(ALERT.slice(0, half), ALERT.slice(half)),
    );
    await wire.answered(1);
    wire.socket.write(head(ALERT, [sized(ALERT), 'Expect: 100-continue']));
    await wire.answered(2);
    wire.socket.write(ALERT);
    await wire.answered(3);
    expect(wire.answers.map(({ status }) => status)).toEqual([202, 100, 202]);
    wire.socket.destroy();
  });

  it.each(['custom', 'Custom', 'CUSTOM', 'custom/', 'CUSTOM?x'])(
    'may be sent to any spelling of the address: %s',
    async (source) => {
      const answer = await new Api(server.url).post(`/v1/webhooks/${tenant.tenantId}/${source}`, ALERT, {
        headers: { 'x-api-key': sender.key, 'x-webhook-signature': sender.sign(ALERT) },
      });
      expect(answer).toMatchObject({ status: 202, body: { status: 'triaging' } });
    },
  );

  it('is answered in order when requests are pipelined, refused ones included', async () => {
    const wire = await Wire.open();
    const post = (id: string, body: string): string =>
      head(body, [sized(body), `X-Request-Id: ${id}`]) + body;
    wire.socket.write(post('a', ALERT) + post('b', '{}') + post('c', ALERT) + post('d', ''));
    await wire.answered(4);
    expect(
      wire.answers.map(({ status, head: text }) => [/x-request-id: (\w)/i.exec(text)?.[1], status]),
    ).toEqual([
      ['a', 202],
      ['b', 400],
      ['c', 202],
      ['d', 400],
    ]);
    wire.socket.destroy();
  });

  it('is answered with the standard headers, and the connection is kept or closed as requested', async () => {
    const wire = await Wire.open();
    const closed = once(wire.socket, 'close');
    wire.socket.write(head(ALERT, [sized(ALERT)]) + ALERT);
    await wire.answered(1);
    wire.socket.write(head(ALERT, [sized(ALERT), 'Connection: close']) + ALERT);
    await closed;
    const [kept, last] = wire.answers.map(({ head: text }) => text);
    for (const name of [
      'X-Request-Id',
      'X-RateLimit-Limit',
      'X-RateLimit-Remaining',
      'X-RateLimit-Reset',
      'Date',
      'Cache-Control',
      'X-Content-Type-Options',
    ])
      expect(kept).toMatch(new RegExp(`^${name}: \\S+`, 'im'));
    expect(kept).toMatch(/^content-type: application\/json; charset=utf-8$/im);
    expect(kept).toMatch(/^connection: keep-alive$/im);
    expect(last).toMatch(/^connection: close$/im);

    const old = await Wire.open();
    const oldClosed = once(old.socket, 'close');
    old.socket.write(head(ALERT, [sized(ALERT)], 'POST', '1.0') + ALERT);
    await oldClosed;
    expect(old.answers.map(({ status }) => status)).toEqual([202]);
  });

  it('is refused when it is too large, declared or not, and the connection stays usable', async () => {
    const large = 'x'.repeat(2 * LIMIT);
    const wire = await Wire.open();
    wire.socket.write(head(large, [sized(large)]));
    await wire.answered(1);
    wire.socket.write(large);
    wire.socket.write(head(large, ['Transfer-Encoding: chunked']) + chunked(large, large));
    await wire.answered(2);
    wire.socket.write(head(ALERT, [sized(ALERT)]) + ALERT);
    await wire.answered(3);
    expect(wire.answers.map(({ status }) => status)).toEqual([413, 413, 202]);
    expect(JSON.parse(wire.answers[0]?.body ?? '')).toMatchObject({ error: 'payload_too_large' });
    wire.socket.destroy();
  });

  it.each([
    ['custom', 'Connection: close', '1.1'],
    ['custom?x', 'Connection: close', '1.1'],
    ['custom', 'X: 1', '1.0'],
    ['custom?x', 'X: 1', '1.0'],
  ])('that is too large is refused readably at the end of a connection: %s, %s', async (...how) => {
    const [source, header, version] = how;
    const large = 'x'.repeat(64 * LIMIT);
    const wire = await Wire.open();
    const ended = once(wire.socket.pause(), 'end');
    // A sender that reads the response only after it has written everything.
    const bytes = head('', [sized(large), header], 'POST', version).replace('/custom', `/${source}`) + large;
    await new Promise((written) => wire.socket.write(bytes, written));
    wire.socket.resume();
    await ended;
    expect(wire.answers.map(({ status }) => status)).toEqual([413]);
  });

  it('may be aborted halfway, which is logged and affects no other alert', async () => {
    const wire = await Wire.open();
    wire.socket.write(head(ALERT, [sized(ALERT), 'X-Request-Id: aborted']) + ALERT.slice(0, 20));
    await turn();
    wire.socket.destroy();
    await until('it is in the log', () => server.log.includes('aborted'));
    expect((await sender.send(ALERT)).status).toBe(202);
  });

  it('is stored even if the sender does not wait for the response', async () => {
    const wire = await Wire.open();
    const body = JSON.stringify({
      title: 'Sent and forgotten',
      description: 'x',
      sourceAlertId: 'not-awaited',
    });
    wire.socket.end(head(body, [sized(body)]) + body);
    await until('it is stored', async () => (await storedAs('not-awaited')) === 1);
    expect((await sender.send(ALERT)).status).toBe(202);
  });

  it('has a URL that accepts POST only', async () => {
    const path = `/v1/webhooks/${tenant.tenantId}/custom`;
    const api = new Api(server.url);
    for (const method of ['GET', 'PUT', 'DELETE']) expect((await api.call(method, path)).status).toBe(405);
    const wire = await Wire.open();
    wire.socket.write(head('', [], 'HEAD'));
    await until('it is answered', () => wire.received.includes('\r\n\r\n'));
    expect(wire.answers.map(({ status, body }) => [status, body])).toEqual([[405, '']]);
    wire.socket.destroy();
  });
});

async function storedAs(sourceAlertId: string): Promise<number> {
  const rows = await sql(
    server.database.url,
    'SELECT FROM alerts WHERE source_alert_id = $1',
    [sourceAlertId],
    tenant.tenantId,
  );
  return rows.length;
}

describe('large bodies that strangers do not finish', () => {
  const PART = 200 * 1024;
  let roomy: TestServer;
  beforeAll(async () => {
    // 64 bodies of this size are 16 MiB.
    roomy = await TestServer.start({ env: { MAX_BODY_BYTES: String(256 * 1024) } });
  });
  afterAll(() => roomy.stop());

  it.each(['/v1/webhooks/x/custom', '/v1/auth/login'])(
    'take a limited amount of memory, until they are broken off: %s',
    async (path) => {
      const post = (length: number): string =>
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
      const wires = await Promise.all(Array.from({ length: 100 }, () => Wire.open(roomy)));
      for (const { socket } of wires) socket.write(post(PART + 1) + 'x'.repeat(PART));
      const answered = (): Wire[] => wires.filter(({ received }) => received !== '');
      await until('some are refused', () => answered().length > 0);
      for (const { answers } of answered()) expect(answers).toMatchObject([{ status: 503 }]);
      expect(answered()[0]?.received).toMatch(/^retry-after: 1\r$/im);

      const waiting = wires.filter(({ received }) => received === '');
      expect(waiting.length).toBeGreaterThan(64);
      for (const { socket } of wires) socket.destroy();
      await until('there is room again', async () => {
        const wire = await Wire.open(roomy);
        wire.socket.write(post(PART) + 'x'.repeat(PART));
        await wire.answered(1);
        wire.socket.destroy();
        return wire.answers[0]?.status !== 503;
      });
    },
  );
});
