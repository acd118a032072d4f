import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import {
  ALERT,
  ended,
  incidentStatus,
  investigation,
  openIncident,
  sendAlert,
  statusIs,
  story,
} from './cases.js';

let server: TestServer;
let tenant: TenantUser;
beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

const quiet = { title: 'Nightly report written', description: 'As every night.', severity: 'low' };

describe('triage', () => {
  it('returns its reasons', async () => {
    const incidentId = await sendAlert(tenant);
    await ended(tenant, incidentId);
    const { status, body } = await tenant.api.get(`/v1/triage/${incidentId}`);
    expect([status, body]).toEqual([
      200,
      {
        severity: 'high',
        category: 'errors',
        summary: expect.stringContaining(ALERT.title),
        confidence: expect.any(Number),
        suggestedAgents: expect.arrayContaining(['log analysis']),
        decidedBecause: expect.arrayContaining(['The sender calls it high.']),
      },
    ]);
  });

  it('opens an incident below the tenant’s threshold, and starts no run', async () => {
    const incidentId = await sendAlert(tenant, quiet);
    await statusIs(tenant, incidentId, 'open');
    expect(await story(tenant, incidentId)).toEqual([
      'incident.created',
      'open → triaging',
      'triaging → open',
    ]);
    expect(await investigation(tenant, incidentId)).toBeUndefined();
  });

  it('considers the text of the alert, and does not change the incident’s severity', async () => {
    const incidentId = await sendAlert(tenant, { ...quiet, title: 'All pods down in checkout' });
    await ended(tenant, incidentId);
    expect((await tenant.api.get(`/v1/triage/${incidentId}`)).body['severity']).toBe('critical');
    expect((await tenant.api.get(`/v1/incidents/${incidentId}`)).body['severity']).toBe('low');
  });

  it('uses the threshold of the tenant', async () => {
    const strict = await newTenant(server.url);
    const settings = { autoInvestigateMinSeverity: 'critical' };
    expect((await strict.api.patch(`/v1/tenants/${strict.tenantId}`, { settings })).status).toBe(200);
    const incidentId = await openIncident(strict);
    await statusIs(strict, incidentId, 'open');
    expect(await investigation(strict, incidentId)).toBeUndefined();
  });

  it('can be repeated, which starts no run and changes no status', async () => {
    const incidentId = await sendAlert(tenant, quiet);
    await statusIs(tenant, incidentId, 'open');
    const { body: first } = await tenant.api.get(`/v1/triage/${incidentId}`);
    const again = await tenant.api.post(`/v1/triage/${incidentId}`);
    expect([again.status, again.body]).toEqual([200, first]);
    expect(await incidentStatus(tenant, incidentId)).toBe('open');
    expect(await investigation(tenant, incidentId)).toBeUndefined();
  });

  it('returns 404 for an unknown incident or an id of another kind', async () => {
    for (const id of ['inc_01HX9VTPQR3KF8MZWBYD5N6JCE', 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE', 'x']) {
      expect((await tenant.api.get(`/v1/triage/${id}`)).status).toBe(404);
      expect((await tenant.api.post(`/v1/triage/${id}`)).status).toBe(404);
    }
  });

  it('triages each of 400 concurrent incidents once', async () => {
    const flooded = await newTenant(server.url);
    const sender = await AlertSender.of(flooded);
    const sent = await Promise.all(
      Array.from({ length: 400 }, (_, n) => sender.send({ ...quiet, title: `${quiet.title} ${n}` })),
    );
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([202]));
    await until('no triage is pending', async () => {
      const { body } = await flooded.api.get<{ items: unknown[] }>('/v1/incidents?status=triaging&limit=1');
      return body.items.length === 0;
    });
    const moved = new Map<string, number>();
    let after = '';
    for (;;) {
      const path = `/v1/notifications/events?events=incident.status_changed&limit=100${after}`;
      const { body } = await flooded.api.get<{ items: Moved[]; nextCursor: string | null }>(path);
      for (const { data } of body.items) {
        if (data.newStatus === 'open') moved.set(data.incidentId, (moved.get(data.incidentId) ?? 0) + 1);
      }
      const last = body.items.at(-1);
      if (!last) break;
      after = `&after=${last.id}`;
    }
    expect(moved.size).toBe(400);
    expect(new Set(moved.values())).toEqual(new Set([1]));
  });
});

interface Moved {
  readonly id: string;
  readonly data: { readonly incidentId: string; readonly newStatus: string };
}
