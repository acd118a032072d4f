import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createParser } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import jwt from 'jsonwebtoken';
import { Api, newKey, newTenant } from '../support/api.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { append, type Fact, publishedIds } from './log-writer.js';

const SECRET = randomBytes(32).toString('base64url');
const env = { JWT_SECRET: SECRET, STREAM_BUFFER_BYTES: '65536' };

const LARGE: Fact = { data: { title: 'x'.repeat(50_000) } };

let server: TestServer;
let replica: TestServer;
beforeAll(async () => {
  server = await TestServer.start({ env });
  replica = await TestServer.start({ env, database: server.database });
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

const READER = { scopes: ['events:read'] };

async function openOnBoth(token: string): Promise<EventStream[]> {
  const streams = await Promise.all(
    [server, replica].map(({ url }) => EventStream.open(new Api(url, token), '?lastEventId=0')),
  );
  await Promise.all(streams.map((stream) => stream.waitFor('user.created')));
  return streams;
}

const allEnded = (streams: EventStream[]) => (): boolean => streams.every(({ ended }) => ended);

describe('a stream ends', () => {
  it('when the token that opened it expires', async () => {
    const tenant = await newTenant(server.url);
    const { exp: _, iat: __, ...claims } = jwt.decode(tenant.api.token ?? '') as jwt.JwtPayload;
    // Long enough to open the streams on a crowded machine.
    const streams = await openOnBoth(jwt.sign(claims, SECRET, { expiresIn: 10 }));
    const staying = await EventStream.open(tenant.api);
    await until('the token has expired', allEnded(streams));
    expect(staying.ended).toBe(false);
    staying.close();
  });

  it('gracefully, so that its connection can be reused', async () => {
    const tenant = await newTenant(server.url);
    const key = await newKey(tenant, READER);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const get = async (path: string, token: string): Promise<IncomingMessage> => {
      const headers = { authorization: `Bearer ${token}` };
      const [response] = await once(request(server.url + path, { agent, headers }).end(), 'response');
      return response as IncomingMessage;
    };
    const stream = await get('/v1/notifications/stream', key.plaintextKey);
    const { socket } = stream;
    expect((await tenant.api.delete(`/v1/api-keys/${key.keyId}`)).status).toBe(204);
    // Rejects when the response is aborted.
    await stream.forEach(() => undefined);
    const next = await get('/v1/notifications/events', tenant.api.token ?? '');
    expect([stream.statusCode, next.statusCode]).toEqual([200, 200]);
    expect(next.socket).toBe(socket);
    agent.destroy();
  });

  it('when its API key is revoked, on every replica, and only then', async () => {
    const tenant = await newTenant(server.url);
    const [revoked, kept] = [await newKey(tenant, READER), await newKey(tenant, READER)];
    const streams = await openOnBoth(revoked.plaintextKey);
    const staying = await openOnBoth(kept.plaintextKey);
    const answer = await tenant.api.delete(`/v1/api-keys/${revoked.keyId}`);
    expect(answer.status).toBe(204);
    await until('the key is disconnected', allEnded(streams));
    expect(staying.map(({ ended }) => ended)).toEqual([false, false]);
    for (const stream of staying) stream.close();
  });

  it('when its user is deleted, on every replica', async () => {
    const tenant = await newTenant(server.url);
    const password = randomBytes(12).toString('hex');
    const email = `member-${randomBytes(6).toString('hex')}@example.com`;
    const made = await tenant.api.post<{ userId: string }>('/v1/users', {
      email,
      name: 'M',
      role: 'member',
      password,
    });
    expect(made.status).toBe(201);
    const login = await new Api(server.url).post<{ accessToken: string }>('/v1/auth/login', {
      email,
      password,
    });
    const streams = await openOnBoth(login.body.accessToken);
    expect((await tenant.api.delete(`/v1/users/${made.body.userId}`)).status).toBe(204);
    await until('the user is disconnected', allEnded(streams));
  });

  it('when it was opened with a ticket and its holder is revoked', async () => {
    const tenant = await newTenant(server.url);
    const key = await newKey(tenant, READER);
    const { body } = await new Api(server.url, key.plaintextKey).post<{ ticket: string }>(
      '/v1/notifications/stream-tickets',
    );
    const stream = await EventStream.open(new Api(replica.url), `?ticket=${body.ticket}`);
    expect(stream.response.status).toBe(200);
    expect((await tenant.api.delete(`/v1/api-keys/${key.keyId}`)).status).toBe(204);
    await until('the key is disconnected', () => stream.ended);
  });
});

/** A client on a raw socket, which can stop reading. */
class RawClient {
  readonly ids: string[] = [];
  closed = false;
  private constructor(readonly socket: Socket) {
    let head = '';
    let body: string | undefined;
    const parser = createParser({ onEvent: ({ id }) => id !== undefined && this.ids.push(id) });
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      if (body === undefined) {
        head += text;
        const at = head.indexOf('\r\n\r\n');
        if (at < 0) return;
        body = '';
        text = head.slice(at + 4);
      }
      // Chunk headers are lines of their own, which an SSE parser ignores as unknown fields.
      parser.feed(text);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => (this.closed = true));
  }

  static open({ url }: TestServer, token: string, lastEventId: string): RawClient {
    const { port, hostname } = new URL(url);
    const socket = connect(Number(port), hostname);
    // HTTP/1.0 has no chunked encoding: the body is the stream itself.
    socket.write(
      `GET /v1/notifications/stream?lastEventId=${lastEventId} HTTP/1.0\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    return new RawClient(socket);
  }
}

describe('a slow client', () => {
  it('is cut off, delays no other client, and misses nothing when it resumes from its last id', async () => {
    const tenant = await newTenant(server.url);
    const token = tenant.api.token ?? '';
    const slow = RawClient.open(server, token, '0');
    await until('it is up to date', () => slow.ids.length === 2);
    slow.socket.pause();
    const fast = await EventStream.open(tenant.api, '?lastEventId=0');

    // More than the socket buffers hold, at the pace of the fast client.
    for (let written = 0; written < 400; written += 5) {
      await append(server.database, tenant.tenantId, Array<Fact>(5).fill(LARGE));
      await until('the fast client has it', () => fast.frames.length === 2 + written + 5);
    }
    const published = await publishedIds(server.database, tenant.tenantId);
    expect(fast.frames.map(({ id }) => id)).toEqual(published);
    expect(fast.ended).toBe(false);
    fast.close();

    slow.socket.resume();
    await until('it is cut off', () => slow.closed);
    expect(slow.ids.length).toBeLessThan(published.length);
    const resumed = RawClient.open(server, token, slow.ids.at(-1) ?? '');
    await until('it has the rest', () => slow.ids.length + resumed.ids.length >= published.length);
    expect([...slow.ids, ...resumed.ids]).toEqual(published);
    expect(server.log).toContain('Slow event stream client cut off');
    expect(server.log).not.toMatch(/"level":"(warn|error|fatal)"/);
    resumed.socket.destroy();
  });

  it('replays at its own pace, and is not cut off while it keeps reading', async () => {
    const tenant = await newTenant(server.url);
    await append(server.database, tenant.tenantId, Array<Fact>(400).fill(LARGE));
    const published = await publishedIds(server.database, tenant.tenantId);
    const client = RawClient.open(server, tenant.api.token ?? '', '0');
    for (let seen = 0; seen < published.length; seen = client.ids.length) {
      client.socket.pause();
      await append(server.database, tenant.tenantId, [{ type: 'remediation.proposed' }]);
      client.socket.resume();
      await until('it has read on', () => client.ids.length > seen);
    }
    const all = await publishedIds(server.database, tenant.tenantId);
    await until('it has it all', () => client.ids.length >= all.length);
    expect(client.ids).toEqual(all);
    expect(client.closed).toBe(false);
    client.socket.destroy();
  });
});

describe('shutdown', () => {
  it('ends every stream gracefully, and is not delayed by a slow one', async () => {
    const ending = await TestServer.start({ env });
    const tenant = await newTenant(ending.url);
    const stuck = RawClient.open(ending, tenant.api.token ?? '', '0');
    await until('it is up to date', () => stuck.ids.length === 2);
    stuck.socket.pause();
    // Their filter matches nothing of what blocks the stuck client, so none of them falls behind on a busy machine.
    const responses = await Promise.all(
      Array.from({ length: 20 }, () =>
        fetch(`${ending.url}/v1/notifications/stream?events=user.deleted`, {
          headers: { authorization: `Bearer ${tenant.api.token ?? ''}` },
        }),
      ),
    );
    // Only a response that was ended, and not aborted, can be read to its end.
    const texts = responses.map((response) => response.text());
    await append(ending.database, tenant.tenantId, Array<Fact>(150).fill(LARGE));
    expect(await ending.stop()).toBe(0);
    expect(ending.log).not.toContain('was broken off');
    for (const text of await Promise.all(texts)) expect(text).toMatch(/retry: \d+\n\n/);
    stuck.socket.destroy();
    expect(ending.log).not.toMatch(/"level":"(error|fatal)"/);
  });
});
