import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answer, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';

interface Tenant {
  readonly name: string;
  readonly plan: string;
  readonly settings: Record<string, unknown>;
}

const DEFAULTS = {
  autoInvestigateMinSeverity: 'medium',
  approvals: { expiresInMinutes: 30, required: 1, allowSelfApproval: true, executeOnApproval: false },
  retentionDays: { events: 400 },
};

let server: TestServer;
let tenant: TenantUser;
let path: string;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  path = `/v1/tenants/${tenant.tenantId}`;
});
afterAll(() => server.stop());

const changes = async ({ tenantId }: TenantUser): Promise<unknown[]> =>
  (
    await sql<{ data: { changes: unknown } }>(
      server.database.url,
      `SELECT data FROM events WHERE tenant_id = $1 AND type = 'tenant.updated' ORDER BY seq`,
      [tenantId],
      tenantId,
    )
  ).map(({ data }) => data.changes);

describe('a tenant', () => {
  it('is changed key by key, and publishes the names of what changed', async () => {
    const own = await newTenant(server.url);
    const change = (body: object): Promise<Answer<Tenant>> =>
      own.api.patch<Tenant>(`/v1/tenants/${own.tenantId}`, body);
    const read = await own.api.get<Tenant>(`/v1/tenants/${own.tenantId}`);
    expect(read.body.settings).toEqual(DEFAULTS);

    const first = await change({
      settings: { approvals: { required: 2 }, autoInvestigateMinSeverity: 'high' },
    });
    expect(first.status).toBe(200);
    expect(first.body.settings).toEqual({
      ...DEFAULTS,
      autoInvestigateMinSeverity: 'high',
      approvals: { ...DEFAULTS.approvals, required: 2 },
    });
    const second = await change({
      name: 'Engines',
      plan: 'business',
      settings: { retentionDays: { events: 30 } },
    });
    expect(second.body).toMatchObject({ name: 'Engines', plan: 'business' });
    expect(second.body.settings).toEqual({ ...first.body.settings, retentionDays: { events: 30 } });
    await change({ name: 'Engines', settings: {} });
    await change({});
    expect((await own.api.get(`/v1/tenants/${own.tenantId}`)).body).toEqual(second.body);
    expect(await changes(own)).toEqual([['settings'], ['name', 'plan', 'settings']]);
  });

  it('loses none of twenty concurrent changes', async () => {
    const own = await newTenant(server.url);
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        own.api.patch(
          `/v1/tenants/${own.tenantId}`,
          at % 2
            ? { settings: { approvals: { required: 3 } } }
            : { settings: { approvals: { expiresInMinutes: 60 } } },
        ),
      ),
    );
    const { body } = await own.api.get<Tenant>(`/v1/tenants/${own.tenantId}`);
    expect(body.settings['approvals']).toMatchObject({ required: 3, expiresInMinutes: 60 });
    expect(await changes(own)).toHaveLength(2);
  });

  it.each([
    [{ settings: { surprise: 1 } }, 'settings.surprise'],
    [{ settings: { approvals: { surprise: 1 } } }, 'settings.approvals.surprise'],
    [{ settings: { approvals: { required: 0 } } }, 'settings.approvals.required'],
    [{ settings: { approvals: { required: null } } }, 'settings.approvals.required'],
    [{ settings: { approvals: null } }, 'settings.approvals'],
    [{ settings: { approvals: { executeOnApproval: 'yes' } } }, 'settings.approvals.executeOnApproval'],
    [{ settings: { retentionDays: { events: 1.5 } } }, 'settings.retentionDays.events'],
    [{ settings: { autoInvestigateMinSeverity: 'urgent' } }, 'settings.autoInvestigateMinSeverity'],
    [{ settings: [] }, 'settings'],
    [{ name: ' ' }, 'name'],
    [{ name: null }, 'name'],
    [{ plan: 'gold' }, 'plan'],
    [{ status: 'closed' }, 'status'],
    [{ tenantId: 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE' }, 'tenantId'],
  ])('refuses %j', async (body, field) => {
    const answer = await tenant.api.patch(path, body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error: 'validation_error', details: [{ field }] });
    expect((await tenant.api.get<Tenant>(path)).body.settings).toEqual(DEFAULTS);
  });

  it('of another caller looks like one that never existed', async () => {
    const stranger = await newTenant(server.url);
    const response = ({ status, body }: Answer): unknown => ({ status, ...body, requestId: '' });
    for (const attempt of [
      (id: string) => stranger.api.get(`/v1/tenants/${id}`),
      (id: string) => stranger.api.patch(`/v1/tenants/${id}`, { name: 'Mine' }),
    ]) {
      const missing = await attempt('ten_01HX9VTPQR3KF8MZWBYD5N6JCE');
      expect(missing.status).toBe(404);
      expect(response(await attempt(tenant.tenantId))).toEqual(response(missing));
      expect(response(await attempt('%00'))).toEqual(response(missing));
    }
    expect((await tenant.api.get<Tenant>(path)).body.name).toBe('Acme Corp');
  });
});
