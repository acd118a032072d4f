import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';

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

const REPORT = { title: 'Checkout is slow', description: 'p99 above 4 s' };
const open = (key: string, body: unknown = REPORT, api: Api = tenant.api): Promise<Answer> =>
  api.post('/v1/incidents', body, { headers: { 'idempotency-key': key } });
const incidentsOf = async ({ api }: TenantUser): Promise<unknown[]> =>
  (await api.get<{ items: unknown[] }>('/v1/incidents?limit=100')).body.items;

describe('an Idempotency-Key', () => {
  it('returns the first response again, unchanged', async () => {
    const own = await newTenant(server.url);
    const first = await open('order 66', REPORT, own.api);
    const again = await open('order 66', REPORT, own.api);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(first.headers.get('idempotent-replay')).toBeNull();
    expect(again.headers.get('idempotent-replay')).toBe('true');
    expect(await incidentsOf(own)).toHaveLength(1);
  });

  it('has one effect for twenty concurrent requests on two replicas', async () => {
    const own = await newTenant(server.url);
    const key = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        open(key, REPORT, at % 2 ? own.api : new Api(replica.url, own.api.token)),
      ),
    );
    const done = answers.filter(({ status }) => status === 201);
    expect(done.length).toBeGreaterThan(0);
    expect(done.filter(({ headers }) => !headers.get('idempotent-replay'))).toHaveLength(1);
    for (const { status, body } of answers) {
      if (status !== 201) expect([status, body['error']]).toEqual([409, 'conflict']);
    }
    expect(new Set(done.map(({ body }) => body['incidentId'])).size).toBe(1);
    expect(await incidentsOf(own)).toHaveLength(1);
    const events = await sql(
      server.database.url,
      `SELECT id FROM events WHERE tenant_id = $1 AND type = 'incident.created'`,
      [own.tenantId],
      own.tenantId,
    );
    expect(events).toHaveLength(1);
  });

  it('is refused with another body', async () => {
    const key = randomUUID();
    await open(key);
    const answer = await open(key, { ...REPORT, title: 'Something else' });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ error: 'idempotency_mismatch' });
  });

  it('can be used again when the request was refused', async () => {
    const key = randomUUID();
    expect((await open(key, { title: 'No description' })).status).toBe(400);
    expect((await open(key)).status).toBe(201);
  });

  it('is scoped to a tenant, a path and a day', async () => {
    const [key, other] = [randomUUID(), await newTenant(server.url)];
    const first = await open(key);
    expect((await open(key, REPORT, other.api)).headers.get('idempotent-replay')).toBeNull();
    const change = await tenant.api.post(
      '/v1/changes',
      { type: 'deploy', service: 'checkout', summary: 'v2' },
      { headers: { 'idempotency-key': key } },
    );
    expect(change.status).toBe(201);

    await sql(
      server.database.url,
      `UPDATE idempotent_requests SET created_at = created_at - interval '24 hours'`,
      [],
      tenant.tenantId,
    );
    const afterwards = await open(key);
    expect(afterwards.status).toBe(201);
    expect(afterwards.body['incidentId']).not.toBe(first.body['incidentId']);
    expect((await open(key)).body).toEqual(afterwards.body);
  });

  it.each(['', 'x'.repeat(256)])('is refused when it is %j', async (key) => {
    expect((await open(key)).status).toBe(400);
  });

  it('is not checked before the caller is authenticated', async () => {
    expect((await open('x'.repeat(256), REPORT, new Api(server.url))).status).toBe(401);
  });
});
