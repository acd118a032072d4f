import { afterEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { SystemClock } from '#kernel/domain/clock';
import { GuardedFetch } from '#kernel/net/guarded-fetch';
import { HEALTH_CHECKS } from './health.js';
import { postgresql } from './provider.js';

const password = randomBytes(12).toString('hex');
const sockets: Socket[] = [];
let server: Server | undefined;

/** Starts a server that responds to everything with `bytes`. @returns its port, and what it has received */
async function fakeServer(bytes: Buffer | undefined): Promise<{ port: number; received: () => string }> {
  const chunks: Buffer[] = [];
  server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (bytes) socket.write(bytes);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { port: (server.address() as AddressInfo).port, received: () => Buffer.concat(chunks).toString() };
}
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

const probe = (port: number, allowed = ['127.0.0.0/8'], host = '127.0.0.1') =>
  postgresql.probe(
    {
      config: { host, port, database: 'orders', tls: 'off' },
      credentials: { username: 'causeflow', password },
    },
    { http: new GuardedFetch(allowed), clock: new SystemClock() },
  );

it('opens a read-only session with short time-outs', async () => {
  const { port, received } = await fakeServer(Buffer.from('no postgres'));
  await expect(probe(port)).rejects.toThrow();
  for (const setting of ['default_transaction_read_only=on', 'statement_timeout=3000', 'lock_timeout=1000'])
    expect(received()).toContain(setting);
});

it('reads only statistics, by schema-qualified names', () => {
  for (const { sql } of HEALTH_CHECKS) {
    expect(sql).toMatch(/^SELECT /);
    expect(sql).not.toMatch(/;|\b(?:insert|update|delete|create|alter|drop|truncate|copy|call|do|set)\b/i);
    for (const [, relation] of sql.matchAll(/(?<!epoch )\b(?:FROM|JOIN) ([a-z_.]+)/g))
      expect(relation).toMatch(/^pg_catalog\./);
  }
});

describe('a server that is not PostgreSQL', () => {
  it('is not called at an internal address', async () => {
    const { port, received } = await fakeServer(undefined);
    await expect(probe(port, [])).rejects.toThrow(/leads to a loopback address/);
    await expect(probe(port, [], 'localhost')).rejects.toThrow(/leads to a loopback address/);
    expect(received()).toBe('');
  });

  it.each([
    ['HTTP', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an endless message', Buffer.concat([Buffer.from('E'), Buffer.from([0x7f, 0xff, 0xff, 0xff]), Buffer.alloc(5 * 1024 * 1024)])],
    ['nothing', undefined],
  ])('that sends %s is reported without address and password', async (_, bytes) => {
    const { port } = await fakeServer(bytes);
    const error = (await probe(port).catch((reason: unknown) => reason)) as Error;
    expect(error.message).toMatch(/^The call to PostgreSQL failed: .*\.$/);
    expect(error.message).not.toMatch(/127\.0\.0\.1/);
    expect(error.message).not.toContain(password);
  }); // prettier-ignore
});

describe('the interpretation of a check', () => {
  const subject = { entity: 'orders', timestamp: 1_700_000_000_000 };
  const interpret = (name: string, rows: Record<string, unknown>[]) =>
    HEALTH_CHECKS.find((check) => check.name === name)
      ?.interpret(rows, subject)
      .flatMap((each) => each.rows) ?? [];

  it('names the session that holds a lock, without literals of its statements', () => {
    const [row] = interpret('locks', [
      {
        pid: 12, wait_event: 'transactionid', query: "UPDATE orders SET note = 'it''s Ada' WHERE id = 42", seconds: 31,
        blocker: 15, blocker_state: 'idle in transaction', blocker_query: 'SELECT 1', blocker_seconds: 95,
      },
    ]); // prettier-ignore
    expect(row?.['text']).toBe(
      'waits on Lock transactionid for 31 s behind session 15, idle in transaction, in a transaction for 95 s (SELECT ?): ' +
        'session 12 (UPDATE orders SET note = ? WHERE id = ?)',
    );
  });

  it('skips values that are not numbers, and accepts an empty result', () => {
    expect(interpret('database', [{ deadlocks: 'NaN', size: '8192', age: null, hit_ratio: {} }])).toEqual([
      { ...subject, metric: 'size', value: 8192, unit: 'bytes' },
    ]);
    for (const { name } of HEALTH_CHECKS) expect(() => interpret(name, [])).not.toThrow();
  });
});
