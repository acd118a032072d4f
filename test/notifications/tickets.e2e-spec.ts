import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newKey, newTenant, programOf, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { EventStream } from '../support/event-stream.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Ticket {
  ticket: string;
  expiresAt: string;
}

let server: TestServer;
let replica: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  replica = await TestServer.start({ database: server.database });
  tenant = await newTenant(server.url);
});
afterAll(async () => {
  await replica.stop();
  await server.stop();
});

async function ticketFor(api: Api): Promise<Ticket> {
  const { status, headers, body } = await api.post<Ticket>('/v1/notifications/stream-tickets');
  expect([status, headers.get('location')]).toEqual([201, '/v1/notifications/stream']);
  return body;
}

/** As a browser's EventSource opens it: with a URL only. */
const openWith = (ticket: string, its = server): Promise<EventStream> =>
  EventStream.open(new Api(its.url), `?lastEventId=0&ticket=${encodeURIComponent(ticket)}`);

describe('a stream ticket', () => {
  it('opens one stream of its holder’s tenant, on any replica, and no second one', async () => {
    const before = Date.now();
    const { ticket, expiresAt, ...rest } = await ticketFor(tenant.api);
    expect(rest).toEqual({});
    expect(Date.parse(expiresAt) - Date.now()).toBeLessThanOrEqual(30_000);
    expect(Date.parse(expiresAt) - before).toBeGreaterThan(20_000);

    const stream = await openWith(ticket, replica);
    expect((await stream.waitFor('tenant.created')).data.tenantId).toBe(tenant.tenantId);
    stream.close();
    for (const its of [server, replica]) {
      const again = await new Api(its.url).get(`/v1/notifications/stream?ticket=${ticket}`);
      expect(again.status).toBe(401);
      expect(again.body).toMatchObject({ error: 'unauthorized' });
    }
  });

  it('is accepted exactly once when twenty clients use it at once', async () => {
    const { ticket } = await ticketFor(tenant.api);
    const streams = await Promise.all(
      Array.from({ length: 20 }, (_, n) => openWith(ticket, n % 2 ? replica : server)),
    );
    expect(streams.map(({ response }) => response.status).sort()).toEqual([
      200,
      ...Array<number>(19).fill(401),
    ]);
    for (const stream of streams) stream.close();
  });

  it('expires, and is stored as a hash only', async () => {
    const { ticket } = await ticketFor(tenant.api);
    const rows = await sql<{ row: string }>(
      server.database.url,
      `UPDATE stream_tickets SET expires_at = now() - interval '1 second' WHERE tenant_id = $1 RETURNING stream_tickets::text AS row`,
      [tenant.tenantId],
      tenant.tenantId,
    );
    expect(rows).toHaveLength(1);
    expect(rows[0]?.row).not.toContain(ticket.split('.')[1]);
    expect((await openWith(ticket)).response.status).toBe(401);
  });

  it.each(['', 'x', '.', 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE.x', 'a&ticket=b'])(
    'cannot be guessed: %j',
    async (ticket) => {
      const answer = await new Api(server.url).get(`/v1/notifications/stream?ticket=${ticket}`);
      expect(answer.status).toBe(401);
      expect(answer.body).toMatchObject({ error: 'unauthorized' });
    },
  );

  it('opens nothing else', async () => {
    const { ticket } = await ticketFor(tenant.api);
    for (const path of ['/v1/notifications/events', '/v1/incidents']) {
      expect((await new Api(server.url).get(`${path}?ticket=${ticket}`)).status).toBe(401);
    }
    const stream = await openWith(ticket);
    expect(stream.response.status).toBe(200);
    stream.close();
  });

  it('is issued to an API key that may read events, and to no other', async () => {
    const stream = await openWith((await ticketFor(await programOf(tenant, 'events:read'))).ticket);
    await stream.waitFor('tenant.created');
    stream.close();
    const refused = await (
      await programOf(tenant, 'incidents:read')
    ).post('/v1/notifications/stream-tickets');
    expect(refused.status).toBe(403);
    expect((await new Api(server.url).post('/v1/notifications/stream-tickets')).status).toBe(401);
  });

  it('is refused after its holder was revoked', async () => {
    const { plaintextKey, keyId } = await newKey(tenant, { scopes: ['events:read'] });
    const { ticket } = await ticketFor(new Api(server.url, plaintextKey));
    expect((await tenant.api.delete(`/v1/api-keys/${keyId}`)).status).toBe(204);
    expect((await openWith(ticket)).response.status).toBe(401);
  });

  it('counts against the rate limit of an IP address only when it is invalid', async () => {
    const strict = await TestServer.start({
      database: server.database,
      env: { RATE_LIMIT_ANONYMOUS_PER_MINUTE: '5' },
    });
    try {
      for (let turn = 0; turn < 8; turn++) {
        const stream = await openWith((await ticketFor(tenant.api)).ticket, strict);
        expect(stream.response.status).toBe(200);
        stream.close();
      }
      const tryInvalid = () => new Api(strict.url).get('/v1/notifications/stream?ticket=x');
      const refused = await until('too many were invalid', async () => {
        const answer = await tryInvalid();
        return answer.status === 429 && answer;
      });
      expect(refused.body).toMatchObject({ error: 'rate_limit_exceeded' });
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
    } finally {
      await strict.stop();
    }
  });
});
