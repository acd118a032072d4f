import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, newTenant, programOf, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

interface ChangePage {
  readonly items: readonly { readonly changeId: string; readonly summary: string }[];
  readonly nextCursor: string | null;
}

const DEPLOY = { type: 'deploy', service: 'checkout', summary: 'Use the new pool' };

describe('recorded changes', () => {
  it('are stored as sent; the time defaults to now', async () => {
    const occurredAt = '2026-03-01T12:00:00.000Z';
    const whole = {
      ...DEPLOY,
      environment: 'production',
      version: 'v42',
      url: 'https://ci.example.com/42',
      occurredAt,
    };
    const created = await tenant.api.post('/v1/changes', whole);
    expect([created.status, created.body]).toEqual([
      201,
      { changeId: expect.stringMatching(/^chg_/), ...whole },
    ]);
    const location = `/v1/changes/${String(created.body['changeId'])}`;
    expect(created.headers.get('location')).toBe(location);
    expect(await tenant.api.get(location)).toMatchObject({ status: 200, body: created.body });
    const { body } = await tenant.api.post('/v1/changes', DEPLOY);
    expect(body).toMatchObject({ environment: null, version: null, url: null });
    expect(Math.abs(Date.parse(String(body['occurredAt'])) - Date.now())).toBeLessThan(60_000);
  });

  it('are validated', async () => {
    for (const bad of [
      {},
      { ...DEPLOY, type: 'commit' },
      { ...DEPLOY, service: ' ' },
      { ...DEPLOY, service: 7 },
      { ...DEPLOY, summary: 'x'.repeat(2001) },
      { ...DEPLOY, occurredAt: 'yesterday' },
      { ...DEPLOY, extra: true },
      { ...DEPLOY, url: 'javascript:alert(1)' },
      { ...DEPLOY, url: 'see the wiki' },
    ]) {
      const { status, body } = await tenant.api.post('/v1/changes', bad);
      expect([status, body['error']]).toEqual([400, 'validation_error']);
    }
  });

  it('are filtered by time, service and type, and listed latest first in pages', async () => {
    const own = await newTenant(server.url);
    for (let n = 0; n < 7; n += 1) {
      const service = n === 3 ? 'billing' : 'checkout';
      const type = n === 5 ? 'flag' : 'deploy';
      // Pairs with equal times, which a page boundary may split.
      const occurredAt = new Date(Date.UTC(2026, 2, 1, 12, Math.floor(n / 2))).toISOString();
      const body = { type, service, summary: `change ${n}`, occurredAt };
      expect((await own.api.post('/v1/changes', body)).status).toBe(201);
    }
    const list = async (query: string): Promise<ChangePage> =>
      (await own.api.get<ChangePage>(`/v1/changes?${query}`)).body;
    const listed = await own.api.all<{ summary: string }>('/v1/changes?limit=2');
    expect(listed.map(({ summary }) => summary)).toEqual([6, 5, 4, 3, 2, 1, 0].map((n) => `change ${n}`));
    expect((await list('service=billing')).items.map(({ summary }) => summary)).toEqual(['change 3']);
    expect((await list('type=flag')).items.map(({ summary }) => summary)).toEqual(['change 5']);
    const all = (await own.api.get<{ items: { occurredAt: string }[] }>('/v1/changes')).body.items;
    // Changes 2 and 3 have equal times, and so have 4 and 5: `from` is inclusive, `to` exclusive.
    const between = await list(`from=${all[3]?.occurredAt ?? ''}&to=${all[1]?.occurredAt ?? ''}`);
    expect(between.items.map(({ summary }) => summary)).toEqual(['change 3', 'change 2']);
    expect((await own.api.get('/v1/changes?cursor=bm90aGluZw.x')).status).toBe(400);
    expect((await own.api.get('/v1/changes?type=commit')).status).toBe(400);
  });

  it('are not visible to another tenant', async () => {
    const other = await newTenant(server.url);
    expect((await other.api.get<ChangePage>('/v1/changes')).body.items).toEqual([]);
    const { changeId } = (await tenant.api.post('/v1/changes', DEPLOY)).body;
    const alien = await other.api.get(`/v1/changes/${String(changeId)}`);
    const unknown = await other.api.get('/v1/changes/chg_01HX9VTPQR3KF8MZWBYD5N6JCE');
    expect([alien.status, alien.body['message']]).toEqual([404, unknown.body['message']]);
  });

  it('need a key with the right scope', async () => {
    const [writer, reader] = [
      await programOf(tenant, 'changes:write'),
      await programOf(tenant, 'incidents:read'),
    ];
    expect((await writer.post('/v1/changes', DEPLOY)).status).toBe(201);
    expect((await writer.get('/v1/changes')).status).toBe(403);
    expect((await writer.get('/v1/changes/chg_01HX9VTPQR3KF8MZWBYD5N6JCE')).status).toBe(403);
    expect((await reader.post('/v1/changes', DEPLOY)).status).toBe(403);
    expect((await reader.get('/v1/changes')).status).toBe(200);
    expect((await new Api(server.url).post('/v1/changes', DEPLOY)).status).toBe(401);
  });
});
