import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { cloneDatabase, removeDatabase, sql, type TestDatabase } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

describe('a server that gets SIGTERM while a stream is open and a job runs', () => {
  let database: TestDatabase;
  let server: TestServer;
  let tenant: TenantUser;

  const start = (): Promise<TestServer> =>
    TestServer.start({ database, main: 'test/lifecycle/server-with-slow-jobs.mjs' });

  beforeEach(async () => {
    database = await cloneDatabase();
    server = await start();
    tenant = await newTenant(server.url);
  });
  afterEach(async () => {
    await server.kill();
    await removeDatabase(database);
  });

  async function runJob(identifier: string): Promise<void> {
    const context = { correlationId: null, actor: null };
    const payload = { tenantId: tenant.tenantId, payload: {}, context };
    await sql(database.url, 'SELECT enqueue_jobs($1)', [JSON.stringify([{ identifier, payload }])]);
  }

  it('ends the stream, lets the step end, and exits with 0', async () => {
    const stream = await EventStream.open(tenant.api);
    await runJob('slow-step');
    await until('the job is at its step', () => server.log.includes('the slow step began'));
    const stopped = server.stop();
    await until('it is stopping', () => server.log.includes('Stopping on SIGTERM'));
    process.kill(server.pid, 'SIGUSR2');
    expect(await stopped).toBe(0);
    expect(server.log).toContain('the slow step is done');
    expect(server.log).not.toContain('was broken off');
    await until('the stream has ended', () => stream.ended);
  });

  it('accepts no new connection while it waits for a job', async () => {
    await runJob('endless');
    await until('the job has begun', () => server.log.includes('the endless job began'));
    const stopped = server.stop();
    await until('the door is closed', () =>
      fetch(`${server.url}/health/live`).then(
        () => false,
        () => true,
      ),
    );
    expect(server.log).not.toContain('was broken off');
    expect(await stopped).toBe(0);
  });

  it.each(['/v1/auth/login', '/v1/webhooks/x/custom'])(
    'answers a request that is under way, and keeps its connection no longer: %s',
    async (path) => {
      const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
      let received = '';
      const ended = once(
        socket.on('data', (bytes: Buffer) => (received += String(bytes))),
        'end',
      );
      const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Length: 2', 'Expect: 100-continue'];
      socket.write([...head, '', '{'].join('\r\n'));
      await until('it is under way', () => received.includes('100 Continue'));
      const stopped = server.stop();
      await until('it is stopping', () => server.log.includes('Stopping on SIGTERM'));
      socket.write('}');
      await ended;
      expect(received).toMatch(/\r\nHTTP\/1\.1 4\d\d /);
      expect(received).toMatch(/^connection: close\r$/im);
      expect(await stopped).toBe(0);
      expect(server.log).not.toContain('was broken off');
    },
  );

  it('stops waiting after a time-out, logs it and exits with 0, and the job runs at the next start', async () => {
    await runJob('endless');
    await until('the job has begun', () => server.log.includes('the endless job began'));
    expect(await server.stop()).toBe(0);
    expect(server.log).toContain('9 s after the signal and was broken off');
    server = await start();
    await until('the job runs again', () => server.log.includes('the endless job began'));
  });
});

it('a server that cannot stop gracefully logs why, and exits with 1', async () => {
  const server = await TestServer.start({ main: 'test/lifecycle/server-that-stops-badly.mjs' });
  expect(await server.stop()).toBe(1);
  expect(server.log).toMatch(/"level":"error".*I will not go.*did not stop in good order/);
});
