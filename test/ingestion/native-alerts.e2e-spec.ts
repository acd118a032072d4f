import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AlertSender, Api, newKey, newTenant, type Answer, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Accepted {
  readonly accepted: number;
  readonly incidents: { incidentId: string; status: string; sourceAlertId: string }[];
}

interface Listed {
  readonly items: { sourceAlertId: string; duplicates: number; raw: string }[];
}

const JSON_TYPE = { 'content-type': 'application/json' };

let server: TestServer;
let tenant: TenantUser;
let ingestUrl: string;
let integrationId: string;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  ({ ingestUrl, integrationId } = await connect(tenant, 'alertmanager'));
});
afterAll(() => server.stop());

async function connect(
  { api }: TenantUser,
  provider: string,
  body: object = {},
): Promise<{ ingestUrl: string; integrationId: string }> {
  const answer = await api.post<{ ingestUrl: string; integrationId: string }>(
    `/v1/integrations/${provider}/connect`,
    body,
  );
  expect(answer.status).toBe(201);
  return answer.body;
}

function send(
  url: string,
  body: object | string,
  headers: Record<string, string> = {},
): Promise<Answer<Accepted>> {
  const { origin, pathname } = new URL(url);
  return new Api(origin).post<Accepted>(pathname, body, { headers: { ...JSON_TYPE, ...headers } });
}

type State = 'firing' | 'resolved';

const alert = (fingerprint: string, status: State = 'firing', more: object = {}): object => ({
  status,
  labels: { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical', env: 'production' },
  annotations: { summary: 'Checkout fails', description: 'More than 5 % of the requests.' },
  startsAt: '2026-03-01T12:00:00Z',
  endsAt: '0001-01-01T00:00:00Z',
  fingerprint,
  ...more,
});
const group = (...alerts: object[]): object => ({ version: '4', status: 'firing', alerts });

async function opened(fingerprint: string): Promise<string> {
  const { status, body } = await send(ingestUrl, group(alert(fingerprint)));
  expect({ status, accepted: body.accepted }).toEqual({ status: 202, accepted: 1 });
  return body.incidents[0]?.incidentId ?? '';
}

async function statusOf(incidentId: string, { api } = tenant): Promise<unknown> {
  return (await api.get(`/v1/incidents/${incidentId}`)).body['status'];
}

async function storedOf(tenantId: string, fingerprint: string): Promise<Record<string, number>> {
  const [counts] = await sql<Record<string, number>>(
    server.database.url,
    `SELECT count(*)::int AS incidents,
            count(*) FILTER (WHERE NOT a.superseded)::int AS current,
            count(*) FILTER (WHERE i.status NOT IN ('resolved', 'closed'))::int AS active,
            sum((SELECT count(*) FROM events e WHERE e.tenant_id = $1 AND e.incident_id = i.incident_id
                    AND e.type = 'incident.created'))::int AS created
       FROM incidents i JOIN alerts a USING (tenant_id, incident_id)
      WHERE i.tenant_id = $1 AND i.source_alert_id = $2`,
    [tenantId, fingerprint],
    tenantId,
  );
  return counts ?? {};
}

describe('the life of an alert', () => {
  it('opens an incident with the fields of the tool, and keeps the body as it was sent', async () => {
    const fingerprint = randomUUID();
    const body = JSON.stringify(group(alert(fingerprint)), null, 3);
    const answer = await send(ingestUrl, body);
    expect(answer).toMatchObject({
      status: 202,
      body: { accepted: 1, incidents: [{ status: 'triaging', sourceAlertId: fingerprint }] },
    });
    const path = `/v1/incidents/${answer.body.incidents[0]?.incidentId}`;
    const incident = await tenant.api.get(path);
    expect(incident.body).toMatchObject({
      title: 'Checkout fails',
      description: 'More than 5 % of the requests.',
      severity: 'critical',
      source: 'automated',
      provider: 'alertmanager',
      sourceAlertId: fingerprint,
      service: 'checkout',
      environment: 'production',
      alertCount: 1,
      tags: { alertname: 'HighErrorRate' },
    });
    const alerts = await tenant.api.get<Listed>(`${path}/alerts`);
    expect(alerts.body.items).toMatchObject([{ sourceAlertId: fingerprint, raw: body }]);
  });

  it('adds a duplicate while its incident is active, and opens another one after it was resolved', async () => {
    const fingerprint = randomUUID();
    const first = await opened(fingerprint);
    expect(await opened(fingerprint)).toBe(first);
    await until('the duplicate is counted', async () => {
      const { body } = await tenant.api.get(`/v1/incidents/${first}`);
      return body['alertCount'] === 2;
    });
    const alerts = await tenant.api.get<Listed>(`/v1/incidents/${first}/alerts`);
    expect(alerts.body.items).toMatchObject([{ duplicates: 1 }]);

    const over = await send(ingestUrl, group(alert(fingerprint, 'resolved')));
    expect(over).toMatchObject({
      status: 202,
      body: { accepted: 1, incidents: [{ incidentId: first, status: 'resolved' }] },
    });
    expect(await statusOf(first)).toBe('resolved');
    // A second resolution changes nothing.
    await send(ingestUrl, group(alert(fingerprint, 'resolved')));

    const second = await opened(fingerprint);
    expect(second).not.toBe(first);
    expect(await opened(fingerprint)).toBe(second);
    expect(await storedOf(tenant.tenantId, fingerprint)).toEqual({
      incidents: 2,
      current: 1,
      active: 1,
      created: 2,
    });
    const timeline = await tenant.api.get<{ items: { event: string; data: { newStatus?: string } }[] }>(
      `/v1/incidents/${first}/timeline`,
    );
    expect(timeline.body.items.filter(({ data }) => data.newStatus === 'resolved')).toHaveLength(1);
  });

  it('opens another incident after a person resolved the first', async () => {
    const fingerprint = randomUUID();
    const first = await opened(fingerprint);
    await tenant.api.patch(`/v1/incidents/${first}`, { status: 'resolved' });
    expect(await opened(fingerprint)).not.toBe(first);
  });

  it('that is resolved does not change an incident that a person closed', async () => {
    const fingerprint = randomUUID();
    const incidentId = await opened(fingerprint);
    await tenant.api.patch(`/v1/incidents/${incidentId}`, { status: 'closed' });
    const answer = await send(ingestUrl, group(alert(fingerprint, 'resolved')));
    expect(answer.body).toMatchObject({ accepted: 1, incidents: [{ incidentId, status: 'closed' }] });
    expect(await statusOf(incidentId)).toBe('closed');
  });

  it('opens no incident when it is resolved only', async () => {
    const fingerprint = randomUUID();
    const answer = await send(ingestUrl, group(alert(fingerprint, 'resolved')));
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1, incidents: [] } });
    expect(await storedOf(tenant.tenantId, fingerprint)).toMatchObject({ incidents: 0 });
  });
});

describe('a group', () => {
  it('becomes one incident per alert, each by its own status', async () => {
    const [old, ...fresh] = [randomUUID(), randomUUID(), randomUUID()] as const;
    const before = await opened(old);
    const body = JSON.stringify(group(alert(old, 'resolved'), ...fresh.map((id) => alert(id))));
    const answer = await send(ingestUrl, body);
    expect(answer.body.accepted).toBe(3);
    const states = new Map(answer.body.incidents.map((one) => [one.sourceAlertId, one.status]));
    expect(states).toEqual(new Map([[fresh[0], 'triaging'], [fresh[1], 'triaging'], [old, 'resolved']])); // prettier-ignore
    expect(await statusOf(before)).toBe('resolved');
    // Each has the body, which is stored once.
    for (const { incidentId } of answer.body.incidents.filter(({ status }) => status === 'triaging')) {
      const alerts = await tenant.api.get<Listed>(`/v1/incidents/${incidentId}/alerts`);
      expect(alerts.body.items.map(({ raw }) => raw)).toEqual([body]);
    }
  });

  it('may be larger than a batch, and adds nothing when it is sent again', async () => {
    const many = Array.from({ length: 300 }, () => randomUUID());
    const body = group(...many.map((id) => alert(id)));
    const first = await send(ingestUrl, body);
    expect(first).toMatchObject({ status: 202, body: { accepted: 300 } });
    const again = await send(ingestUrl, body);
    const ids = ({ body: { incidents } }: Answer<Accepted>) => incidents.map(({ incidentId }) => incidentId);
    expect(new Set(ids(first)).size).toBe(300);
    expect(ids(again)).toEqual(ids(first));
  });

  it('whose alert ends and then fires again leaves its incident active', async () => {
    const fingerprint = randomUUID();
    const incidentId = await opened(fingerprint);
    const { body } = await send(ingestUrl, group(alert(fingerprint, 'resolved'), alert(fingerprint)));
    expect(body.incidents.map((one) => one.incidentId)).toEqual([incidentId]);
    expect(await storedOf(tenant.tenantId, fingerprint)).toMatchObject({ incidents: 1, active: 1 });
  });

  it('with the same alert twice opens one incident', async () => {
    const fingerprint = randomUUID();
    const { body } = await send(ingestUrl, group(alert(fingerprint), alert(fingerprint)));
    expect(new Set(body.incidents.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(await storedOf(tenant.tenantId, fingerprint)).toMatchObject({ incidents: 1, created: 1 });
  });
});

describe('concurrent alerts', () => {
  it('open one incident for 20 identical ones, the first time and after each resolution', async () => {
    const fingerprint = randomUUID();
    const storm = async (): Promise<Set<string>> => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => send(ingestUrl, group(alert(fingerprint)))),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(20).fill(202));
      return new Set(answers.flatMap(({ body }) => body.incidents.map(({ incidentId }) => incidentId)));
    };
    const seen = new Set<string>();
    for (let round = 1; round <= 3; round += 1) {
      const [incidentId, ...others] = await storm();
      expect(others).toEqual([]);
      seen.add(incidentId ?? '');
      expect(await storedOf(tenant.tenantId, fingerprint)).toEqual({
        incidents: round,
        current: 1,
        active: 1,
        created: round,
      });
      await send(ingestUrl, group(alert(fingerprint, 'resolved')));
    }
    expect(seen.size).toBe(3);
  });

  it('leave at most one active incident when firing and resolved race', async () => {
    const fingerprint = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        send(ingestUrl, group(alert(fingerprint, n % 2 === 0 ? 'firing' : 'resolved'))),
      ),
    );
    for (const { status } of answers) expect([202, 503]).toContain(status);
    const stored = await storedOf(tenant.tenantId, fingerprint);
    expect(stored).toMatchObject({ current: 1, created: stored['incidents'] });
    expect(stored['active']).toBeLessThanOrEqual(1);
    await send(ingestUrl, group(alert(fingerprint, 'resolved')));
    expect(await storedOf(tenant.tenantId, fingerprint)).toMatchObject({ active: 0 });
  });
});

describe('malformed bodies', () => {
  it.each([
    ['a NUL', 'a\\u0000b', 'a\uFFFDb'],
    ['half a surrogate pair', 'a\\ud83d b', 'a\uFFFD b'],
  ])('%s is replaced, and the raw body is kept', async (_, written, read) => {
    const fingerprint = randomUUID();
    const body = `{"alerts":[{"fingerprint":"${fingerprint}","labels":{"alertname":"${written}"}}],"status":"firing"}`;
    const answer = await send(ingestUrl, body);
    expect(answer.status).toBe(202);
    const path = `/v1/incidents/${answer.body.incidents[0]?.incidentId}`;
    expect((await tenant.api.get(path)).body).toMatchObject({ title: read, tags: { alertname: read } });
    expect((await tenant.api.get<Listed>(`${path}/alerts`)).body.items[0]?.raw).toBe(body);
  });

  it('a title that is too long is cut between two characters', async () => {
    const annotations = { summary: '🔥'.repeat(600) };
    const answer = await send(ingestUrl, group(alert(randomUUID(), 'firing', { annotations })));
    const { body } = await tenant.api.get(`/v1/incidents/${answer.body.incidents[0]?.incidentId}`);
    expect(body['title']).toBe(`${'🔥'.repeat(499)}…`);
  });

  it('ids that are too long stay distinct', async () => {
    const ids = ['a', 'b'].map((end) => 'x'.repeat(600) + randomUUID() + end);
    const { body } = await send(ingestUrl, group(...ids.map((id) => alert(id))));
    expect(new Set(body.incidents.map(({ sourceAlertId }) => sourceAlertId)).size).toBe(2);
    for (const { sourceAlertId } of body.incidents) expect(sourceAlertId).toHaveLength(512);
  });

  it.each([
    ['an empty group', group(), 202],
    ['alerts of every wrong type', { alerts: [null, 1, 'x', [], { labels: 'a=b', annotations: [1] }] }, 202],
    ['labels of other types', group({ labels: { n: 1, deep: { a: 1 }, no: null }, fingerprint: 7 }), 202],
    ['numbers beyond a double', `{"alerts":[{"labels":{"n":1e999}}]}`, 202],
    ['a poisoned key', `{"alerts":[{"labels":{"__proto__":"x"},"__proto__":{"a":1}}]}`, 202],
    ['nesting', `{"alerts":[{"labels":{"a":"b"},"more":${'['.repeat(20_000)}${']'.repeat(20_000)}}]}`, 202],
    ['no list of alerts', { alerts: { 0: {} } }, 400],
    ['another format', { hello: 'world' }, 400],
    ['null', 'null', 400],
    ['a text', '"firing"', 400],
    ['half a body', '{"alerts":[', 400],
    ['nothing', '', 400],
  ])('%s is handled', async (_, body, status) => {
    const answer = await send(ingestUrl, body);
    expect(answer.status).toBe(status);
  });

  it('another media type is 415, and so is a compressed body', async () => {
    const gzipped = gzipSync(JSON.stringify(group({})));
    const gzip = { 'content-encoding': 'gzip' };
    expect((await send(ingestUrl, '<a/>', { 'content-type': 'application/xml' })).status).toBe(415);
    expect((await send(ingestUrl, gzipped, gzip)).status).toBe(415);
    // Some senders name a compression and use none.
    expect((await send(ingestUrl, group({}), gzip)).status).toBe(202);
  });
});

describe('authentication', () => {
  const byKey = (provider = 'alertmanager') => `${server.url}/v1/webhooks/${tenant.tenantId}/${provider}`;

  it('accepts a key with the scope, without a signature', async () => {
    const { key } = await AlertSender.of(tenant);
    const answer = await send(byKey(), group(alert(randomUUID())), { 'x-api-key': key });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect((await send(byKey('nagios'), group(), { 'x-api-key': key })).status).toBe(404);
    expect((await send(byKey('prometheus'), group(), { 'x-api-key': key })).status).toBe(404);
  });

  it('refuses a missing key, a key of another tenant and a key without the scope', async () => {
    const other = await AlertSender.of(await newTenant(server.url));
    const reader = await newKey(tenant, { scopes: ['incidents:read'] });
    for (const key of ['', 'cflo_x', other.key, reader.plaintextKey])
      expect(await send(byKey(), group(), { 'x-api-key': key })).toMatchObject({
        status: 401,
        body: { error: 'invalid_api_key' },
      });
  });

  it('refuses an unknown token and tokens of another tenant or provider', async () => {
    const other = await newTenant(server.url);
    const { ingestUrl: theirs } = await connect(other, 'alertmanager');
    const token = (url: string) => url.split('/').at(-1) ?? '';
    for (const url of [
      `${byKey()}/${randomBytes(32).toString('base64url')}`,
      `${byKey()}/x`,
      `${byKey()}/${token(theirs)}`,
      ingestUrl.replace('/alertmanager/', '/grafana/'),
    ])
      expect(await send(url, group(alert(randomUUID())))).toMatchObject({
        status: 401,
        body: { error: 'invalid_api_key' },
      });
  });

  it('refuses the token of a disconnected integration, immediately on this replica and soon on the others', async () => {
    const replica = await TestServer.start({ database: server.database });
    try {
      const gone = await connect(tenant, 'alertmanager');
      const elsewhere = gone.ingestUrl.replace(server.url, replica.url);
      for (const url of [gone.ingestUrl, elsewhere]) expect((await send(url, group())).status).toBe(202);
      await tenant.api.delete(`/v1/integrations/${gone.integrationId}`);
      expect((await send(gone.ingestUrl, group())).status).toBe(401);
      await until('the other replica knows', async () => (await send(elsewhere, group())).status === 401);
      expect((await send(ingestUrl, group())).status).toBe(202);
    } finally {
      await replica.stop();
    }
  });

  it('requires the configured credentials', async () => {
    const own = await newTenant(server.url);
    const bearerToken = randomBytes(16).toString('hex');
    const { ingestUrl: url } = await connect(own, 'alertmanager', {
      config: { environment: 'staging' },
      credentials: { bearerToken },
    });
    const body = group(alert(randomUUID(), 'firing', { labels: { alertname: 'A' } }));
    expect((await send(url, body)).body).toMatchObject({ error: 'invalid_signature' });
    const answer = await send(url, body, { authorization: `Bearer ${bearerToken}` });
    expect(answer.status).toBe(202);
    const incident = await own.api.get(`/v1/incidents/${answer.body.incidents[0]?.incidentId}`);
    expect(incident.body['environment']).toBe('staging');
  });

  it('requires a signature if the integration has a signing secret, at its own URL and at the shared one', async () => {
    const own = await newTenant(server.url);
    const secret = randomBytes(16).toString('hex');
    const signed = await connect(own, 'grafana', { credentials: { signingSecret: secret } });
    const { key } = await AlertSender.of(own);
    const shared = `${server.url}/v1/webhooks/${own.tenantId}/grafana`;
    const body = JSON.stringify(group(alert(randomUUID())));
    const sign = (by: string) => ({
      'x-grafana-alerting-signature': createHmac('sha256', by).update(body).digest('hex'),
    });
    for (const [url, headers] of [[signed.ingestUrl, {}], [shared, { 'x-api-key': key }]] as const) {
      for (const wrong of [{}, sign('another'), { 'x-grafana-alerting-signature': 'zz' }])
        expect(await send(url, body, { ...headers, ...wrong })).toMatchObject({
          status: 401,
          body: { error: 'invalid_signature' },
        });
      expect((await send(url, body, { ...headers, ...sign(secret) })).status).toBe(202);
    } // prettier-ignore
  });

  it('shows the URL once, and no log has its token', async () => {
    const read = await tenant.api.get(`/v1/integrations/${integrationId}`);
    const list = await tenant.api.get('/v1/integrations');
    const token = ingestUrl.split('/').at(-1) ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    await send(ingestUrl, 'null');
    const stored = await sql(
      server.database.url,
      'SELECT * FROM integrations WHERE tenant_id = $1',
      [tenant.tenantId],
      tenant.tenantId,
    );
    await until('the refusal is in the log', () => server.log.includes('/alertmanager/[redacted]'));
    expect(JSON.stringify([read.body, list.body, stored, server.log])).not.toContain(token);
  });
});

it('answers a tenant over its quota with 503, which tools retry', async () => {
  const strict = await TestServer.start({ env: { RATE_LIMIT_INGEST_PER_MINUTE: '1' } });
  try {
    const own = await newTenant(strict.url);
    const { ingestUrl: url } = await connect(own, 'alertmanager');
    const answers = await Promise.all(Array.from({ length: 3 }, () => send(url, group())));
    const refused = answers.find(({ status }) => status !== 202);
    expect(refused).toMatchObject({ status: 503, body: { error: 'service_unavailable' } });
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
  } finally {
    await strict.stop();
  }
});

it('keeps each acknowledged alert and its events when the server is killed', async () => {
  const killed = await TestServer.start();
  const own = await newTenant(killed.url);
  const { ingestUrl: url } = await connect(own, 'alertmanager');
  const acknowledged: string[] = [];
  let posts = 0;
  const post = async (): Promise<void> => {
    while (posts++ < 400) {
      const answer = await send(url, group(alert(randomUUID()), alert(randomUUID()))).catch(() => undefined);
      // The connection broke: no acknowledgement.
      if (!answer) return;
      acknowledged.push(...answer.body.incidents.map(({ incidentId }) => incidentId));
      if (acknowledged.length === 200) await killed.kill();
    }
  };
  await Promise.all(Array.from({ length: 16 }, post));
  expect(acknowledged.length).toBeGreaterThanOrEqual(200);
  expect(acknowledged.length).toBeLessThan(800);
  const rows = await sql<{ incident_id: string }>(
    killed.database.url,
    `SELECT i.incident_id FROM incidents i JOIN alerts a USING (tenant_id, incident_id)
       JOIN alert_bodies USING (tenant_id, body_id)
       JOIN events e ON e.tenant_id = i.tenant_id AND e.incident_id = i.incident_id AND e.type = 'incident.created'
      WHERE i.tenant_id = $1`,
    [own.tenantId],
    own.tenantId,
  );
  expect(rows.map(({ incident_id }) => incident_id)).toEqual(expect.arrayContaining(acknowledged));
  await killed.stop();
});
