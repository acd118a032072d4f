import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { type Answer, type Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { OpenApi } from '../support/openapi.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Incident extends Record<string, unknown> {
  incidentId: string;
  title: string;
  status: string;
}
interface Page {
  items: Incident[];
  nextCursor: string | null;
}

let server: TestServer;
let tenant: TenantUser;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

/** Below the investigation threshold, so that nothing but the test moves it after triage. */
const open = async (api: Api, body: Record<string, unknown> = {}): Promise<Incident> => {
  const answer = await api.post<Incident>('/v1/incidents', {
    title: 'A notice',
    description: 'Nothing urgent',
    severity: 'info',
    ...body,
  });
  expect(answer.status).toBe(201);
  return answer.body;
};

const allPages = (api: Api, query: string) => api.all<Incident>(`/v1/incidents?${query}`);

describe('an incident opened manually', () => {
  it('is returned as it was opened, with its location', async () => {
    const answer = await tenant.api.post('/v1/incidents', {
      title: 'Checkout is slow',
      description: 'Ten seconds and more',
      severity: 'low',
      tags: { team: 'payments' },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('location')).toBe(`/v1/incidents/${String(answer.body['incidentId'])}`);
    expect(answer.body).toMatchObject({
      title: 'Checkout is slow',
      severity: 'low',
      status: 'open',
      source: 'manual',
      provider: null,
      tags: { team: 'payments' },
      rootCause: null,
      alertCount: 0,
      resolvedAt: null,
    });
  });

  it('keeps tags and metadata unchanged, even with the names of object properties', async () => {
    const odd = '{"constructor":"ACME","prototype":"v2","toString":"x","hasOwnProperty":"y"}';
    const body = `{"title":"x","description":"x","severity":"info","tags":${odd},"metadata":{"a":[${odd}]}}`;
    const { body: opened } = await tenant.api.post('/v1/incidents', body);
    const kept = await tenant.api.get(`/v1/incidents/${String(opened['incidentId'])}`);
    expect(JSON.parse(JSON.stringify([kept.body['tags'], kept.body['metadata']]))).toEqual([
      JSON.parse(odd),
      { a: [JSON.parse(odd)] },
    ]);
    expect((await tenant.api.get('/v1/incidents?constructor=1')).status).toBe(400);
  });

  it.each([
    [{ title: 'x' }, 'description'],
    [{ title: ' ', description: 'x' }, 'title'],
    [{ title: 'x', description: 'x', severity: 'HIGH' }, 'severity'],
    [{ title: 'x', description: 'x', tags: { a: 1 } }, 'tags'],
    [{ title: 'x', description: 'x', owner: 'me' }, 'owner'],
  ])('is refused when it is %j, naming %s', async (body, field) => {
    const answer = await tenant.api.post<{ error: string; details: { field: string }[] }>(
      '/v1/incidents',
      body,
    );
    expect([answer.status, answer.body.error]).toEqual([400, 'validation_error']);
    expect(answer.body.details.map((detail) => detail.field)).toContain(field);
  });
});

describe('a manual change', () => {
  it('is made where the lifecycle allows it, and the timeline has it with its actor', async () => {
    const { incidentId } = await open(tenant.api);
    const path = `/v1/incidents/${incidentId}`;
    // Otherwise triage may run after the severity was raised, and start an investigation.
    await until('it is triaged', async () => (await tenant.api.get(path)).body['status'] === 'open');
    expect((await tenant.api.patch(path, { severity: 'high' })).body).toMatchObject({ severity: 'high' });
    expect((await tenant.api.patch(path, { status: 'resolved' })).body).toMatchObject({
      status: 'resolved',
      resolvedAt: expect.any(String),
    });
    expect((await tenant.api.patch(path, { status: 'open' })).body).toMatchObject({
      status: 'open',
      resolvedAt: null,
    });

    const refused = await tenant.api.patch(path, { status: 'open' });
    expect([refused.status, refused.body]).toMatchObject([
      409,
      { error: 'invalid_transition', from: 'open', to: 'open', allowed: ['resolved', 'closed'] },
    ]);
    const flow = await tenant.api.patch(path, { status: 'investigating' });
    expect([flow.status, flow.body]).toMatchObject([
      409,
      { error: 'invalid_transition', from: 'open', to: 'investigating', allowed: ['resolved', 'closed'] },
    ]);
    expect((await tenant.api.patch(path, { status: 'solved' })).status).toBe(400);

    const timeline = await tenant.api.get<{
      items: { event: string; actor: string | null; data: unknown }[];
    }>(`${path}/timeline`);
    const manual = timeline.body.items.filter(({ actor }) => actor === tenant.userId);
    expect(manual.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['incident.created', 'incident.severity_changed', 'incident.status_changed']),
    );
  });

  it('is refused with 412 after a concurrent change', async () => {
    const { incidentId } = await open(tenant.api);
    const path = `/v1/incidents/${incidentId}`;
    await until('it is triaged', async () => (await tenant.api.get(path)).body['status'] === 'open');
    const etag = (await tenant.api.get(path)).headers.get('etag') ?? '';
    const first = await tenant.api.patch(path, { severity: 'low' }, { headers: { 'if-match': etag } });
    const stale = await tenant.api.patch(path, { severity: 'medium' }, { headers: { 'if-match': etag } });
    expect([first.status, stale.status]).toEqual([200, 412]);
    expect(stale.body['error']).toBe('precondition_failed');
    const fresh = (await tenant.api.get(path)).headers.get('etag') ?? '';
    expect(fresh).not.toBe(etag);
    const openApi = await OpenApi.of(server.url);
    for (const [tag, status] of [
      [etag, 200],
      [fresh, 304],
    ] as const) {
      // Without a `Cache-Control`, fetch adds one that asks for the whole answer.
      const headers = { 'if-none-match': tag, 'cache-control': 'max-age=0' };
      const answer = await tenant.api.get(path, { headers });
      expect(answer.status).toBe(status);
      expect(openApi.faultsOf('getIncident', answer)).toEqual([]);
    }
  });

  it('accepts one of several ETags, and none that was never issued', async () => {
    const { incidentId } = await open(tenant.api);
    const path = `/v1/incidents/${incidentId}`;
    await until('it is triaged', async () => (await tenant.api.get(path)).body['status'] === 'open');
    const etag = (await tenant.api.get(path)).headers.get('etag') ?? '';
    const statusWith = async (tags: string, at = path): Promise<number> =>
      (await tenant.api.patch(at, { severity: 'info' }, { headers: { 'if-match': tags } })).status;
    for (const tags of ['*', etag, `W/${etag}`, `"0", ${etag}`])
      expect([tags, await statusWith(tags)]).toEqual([tags, 200]);
    for (const tags of ['', 'x', '""', '"0", "x"', etag.replaceAll('"', ''), `"${'9'.repeat(30)}"`])
      expect([tags, await statusWith(tags)]).toEqual([tags, 412]);
    expect(await statusWith('x', '/v1/incidents/inc_01HX9VTPQR3KF8MZWBYD5N6JCE')).toBe(404);
  });

  it('has one winner when 20 requests resolve concurrently', async () => {
    const { incidentId } = await open(tenant.api);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'resolved' }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    const timeline = await tenant.api.get<{ items: { event: string; data: { newStatus?: string } }[] }>(
      `/v1/incidents/${incidentId}/timeline?limit=100`,
    );
    expect(timeline.body.items.filter(({ data }) => data.newStatus === 'resolved')).toHaveLength(1);
  });
});

describe('the timeline', () => {
  it('pages through all retained events of an incident that is older than the retention', async () => {
    const { api, tenantId } = await newTenant(server.url);
    const { incidentId } = await open(api);
    const path = `/v1/incidents/${incidentId}`;
    await until('it is triaged', async () => (await api.get(path)).body['status'] === 'open');
    await api.patch(`/v1/tenants/${tenantId}`, { settings: { retentionDays: { events: 1 } } });
    await sql(
      server.database.url,
      `UPDATE events SET occurred_at = date_trunc('month', now() - interval '20 days', 'UTC') WHERE incident_id = $1`,
      [incidentId],
      tenantId,
    );
    for (const severity of ['low', 'medium', 'low', 'info']) await api.patch(path, { severity });

    const entries = await api.all<{ data: { newSeverity?: string } }>(`${path}/timeline?limit=2`);
    expect(entries.map(({ data }) => data.newSeverity)).toEqual(['low', 'medium', 'low', 'info']);
  });
});

describe('the list of incidents', () => {
  let own: TenantUser;
  const made: Incident[] = [];
  beforeAll(async () => {
    own = await newTenant(server.url);
    for (let n = 0; n < 25; n += 1) {
      made.push(
        await open(own.api, {
          title: `Notice ${n} about ${n % 2 ? 'databases' : 'queues'}`,
          description: n === 7 ? 'The unmistakable zebra' : 'Nothing urgent',
          severity: n % 3 === 0 ? 'low' : 'info',
          service: n % 5 === 0 ? 'checkout' : 'search',
          environment: 'production',
        }),
      );
    }
  });

  it('pages through all of them, newest first, without gaps or duplicates', async () => {
    const ids = (await allPages(own.api, 'limit=4')).map(({ incidentId }) => incidentId);
    expect(ids).toEqual(made.map(({ incidentId }) => incidentId).reverse());
    expect((await own.api.get<Page>('/v1/incidents')).body.items).toHaveLength(20);
    const upward = (await allPages(own.api, 'limit=7&order=asc')).map(({ incidentId }) => incidentId);
    expect(upward).toEqual([...ids].reverse());
    // One that is triaged between two pages moves to the first one.
    await untilIdle(server.database, own.tenantId);
    const byUpdate = (await allPages(own.api, 'limit=6&sort=updatedAt')).map(({ incidentId }) => incidentId);
    expect([...byUpdate].sort()).toEqual([...ids].sort());
  });

  it('has no gaps or duplicates while new ones are opened', async () => {
    const first = await own.api.get<Page>('/v1/incidents?limit=10');
    await open(own.api, { title: 'A latecomer' });
    const second = await own.api.get<Page>(`/v1/incidents?limit=10&cursor=${first.body.nextCursor ?? ''}`);
    const ids = [...first.body.items, ...second.body.items].map(({ incidentId }) => incidentId);
    expect(ids).toEqual(
      made
        .map(({ incidentId }) => incidentId)
        .reverse()
        .slice(0, 20),
    );
  });

  it('filters by severity, service and time, and finds words', async () => {
    expect(await allPages(own.api, 'severity=low')).toHaveLength(9);
    expect(await allPages(own.api, 'service=checkout&severity=low')).toHaveLength(2);
    expect((await allPages(own.api, 'q=zebra')).map(({ title }) => title)).toEqual([made[7]?.title]);
    expect(await allPages(own.api, 'q=databases&limit=5')).toHaveLength(12);
    const from = String(made[20]?.['createdAt']);
    expect(await allPages(own.api, `from=${from}&to=2999-01-01T00:00:00Z&q=notice`)).toHaveLength(5);
  });

  it('refuses invalid limits, cursors, filters and unknown parameters', async () => {
    const { nextCursor } = (await own.api.get<Page>('/v1/incidents?limit=1')).body;
    const cursor = nextCursor ?? '';
    const tampered = cursor.slice(0, 3) + (cursor[3] === 'A' ? 'B' : 'A') + cursor.slice(4);
    const refused = [
      'limit=0',
      'limit=101',
      'limit=x',
      'cursor=nonsense',
      `cursor=${tampered}`,
      `cursor=${cursor}.x`,
      `cursor=${cursor}%3D`,
      `cursor=`,
      `cursor=${cursor}&order=asc`,
      'status=unknown',
      'from=yesterday',
      'color=red',
    ];
    for (const query of refused) {
      const answer = await own.api.get(`/v1/incidents?${query}`);
      expect([query, answer.status, answer.body['error']]).toEqual([query, 400, 'validation_error']);
    }
    expect((await tenant.api.get(`/v1/incidents?cursor=${cursor}`)).status).toBe(400);
  });

  it('answers for incidents of another tenant exactly as for unknown ids', async () => {
    const foreign = await tenant.api.get('/v1/incidents?q=zebra');
    expect(foreign.body['items']).toEqual([]);
    const path = made[0]?.incidentId ?? '';
    const strip = ({ status, body }: Answer): unknown => ({ status, ...body, requestId: '' });
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { severity: 'low' }],
      ['GET', '/timeline', undefined],
      ['GET', '/alerts', undefined],
      ['GET', '/evidence', undefined],
      ['POST', '/evidence', { type: 'note', source: 'x', content: 'x' }],
    ] as const) {
      const theirs = await tenant.api.call<Record<string, unknown>>(
        method,
        `/v1/incidents/${path}${suffix}`,
        { body },
      );
      const unknown = await tenant.api.call<Record<string, unknown>>(
        method,
        `/v1/incidents/inc_01HX9VTPQR3KF8MZWBYD5N6JCE${suffix}`,
        { body },
      );
      const malformed = await tenant.api.call<Record<string, unknown>>(
        method,
        `/v1/incidents/ten_nonsense${suffix}`,
        { body },
      );
      expect(theirs.status).toBe(404);
      expect(strip(theirs)).toEqual(strip(unknown));
      expect(strip(malformed)).toEqual(strip(unknown));
    }
  });
});

describe('searches that take long', () => {
  it('leave connections to other tenants, however many one tenant sends', async () => {
    const other = await newTenant(server.url);
    const writer = new pg.Client({ connectionString: server.database.url });
    await writer.connect();
    try {
      await writer.query('BEGIN; LOCK TABLE incidents IN ACCESS EXCLUSIVE MODE');
      // More than the server has connections.
      const searches = Array.from({ length: 12 }, () => tenant.api.get('/v1/incidents?q=checkout'));
      await until('some of them wait', async () => {
        const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
        return (await sql(server.database.url, waiting)).length >= 4;
      });
      expect((await other.api.get('/v1/changes')).status).toBe(200);
      await writer.query('COMMIT');
      expect((await Promise.all(searches)).map(({ status }) => status)).toEqual(Array(12).fill(200));
    } finally {
      await writer.end();
    }
  });
});
