import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

const ALERT = { title: 'High error rate on payment-service', description: '5xx above 5% for three minutes.' };

let server: TestServer;
let tenant: TenantUser;
let sender: AlertSender;

beforeAll(async () => {
  server = await TestServer.start();
  tenant = await newTenant(server.url);
  sender = await AlertSender.of(tenant);
});
afterAll(() => server.stop());

async function storedOf(tenantId: string): Promise<{ alerts: number; incidents: number; events: number }> {
  const [counts] = await sql<{ alerts: number; incidents: number; events: number }>(
    server.database.url,
    `SELECT (SELECT count(*)::int FROM alerts WHERE tenant_id = $1) AS alerts,
            (SELECT count(*)::int FROM incidents WHERE tenant_id = $1) AS incidents,
            (SELECT count(*)::int FROM events WHERE tenant_id = $1 AND type = 'incident.created') AS events`,
    [tenantId],
    tenantId,
  );
  return counts ?? { alerts: -1, incidents: -1, events: -1 };
}

describe('an alert on the custom source', () => {
  it('is answered with exactly the two documented fields and becomes an incident', async () => {
    const alert = {
      ...ALERT,
      sourceAlertId: randomUUID(),
      severity: 'LOW',
      service: 'payment-service',
      environment: 'production',
      tags: { team: 'platform' },
      metadata: { errorRate: '5.3%', affectedEndpoints: ['/api/payments'] },
    };
    const answer = await sender.send(alert);
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      incidentId: expect.stringMatching(/^inc_[0-9A-HJKMNP-TV-Z]{26}$/),
      status: 'triaging',
    });

    const incident = await tenant.api.get(`/v1/incidents/${answer.body['incidentId'] ?? ''}`);
    expect(incident.body).toMatchObject({
      ...alert,
      severity: 'low',
      source: 'automated',
      provider: 'custom',
      alertCount: 1,
    });
  });

  it('is stored once when 50 identical ones are sent concurrently: one 202 and 49 times 409 with the incident’s id', async () => {
    const own = await newTenant(server.url);
    const storm = await AlertSender.of(own);
    const sourceAlertId = randomUUID();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => storm.send({ ...ALERT, sourceAlertId })),
    );

    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 409);
    expect([accepted.length, refused.length]).toEqual([1, 49]);
    for (const { body } of refused) {
      expect(body).toEqual({
        error: 'duplicate_alert',
        message: `An incident with sourceAlertId '${sourceAlertId}' already exists.`,
        incidentId: accepted[0]?.body['incidentId'],
        requestId: expect.any(String),
      });
    }
    expect(await storedOf(own.tenantId)).toEqual({ alerts: 1, incidents: 1, events: 1 });
  });

  it('is a new alert each time without a sourceAlertId', async () => {
    const [first, second] = [await sender.send(ALERT), await sender.send(ALERT)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(first.body['incidentId']).not.toBe(second.body['incidentId']);
  });

  it('is signed with lower or upper hex, with or without the prefix', async () => {
    const body = JSON.stringify(ALERT);
    const signature = sender.sign(body);
    for (const accepted of [signature.toUpperCase(), `sha256=${signature}`]) {
      expect((await sender.send(body, { 'x-webhook-signature': accepted })).status).toBe(202);
    }
  });

  it.each([
    ['Latin-1', 'Datenbank überlastet'],
    ['Unicode', 'Datenbank überlastet 🔥 \u{1F468}\u200D\u{1F469}\u200D\u{1F467} ﷽ e\u0301'],
  ])('keeps every character of %s and the raw bytes as they were sent', async (_, title) => {
    const body = `{ "title": ${JSON.stringify(title)},\n\t"description": "x", "unknown": 1.0 }`;
    const { body: answer } = await sender.send(body);
    const path = `/v1/incidents/${answer['incidentId'] ?? ''}`;
    expect((await tenant.api.get(path)).body['title']).toBe(title);
    const alerts = await tenant.api.get<{ items: { raw: string }[] }>(`${path}/alerts`);
    expect(alerts.body.items.map(({ raw }) => raw)).toEqual([body]);
  });

  it.each(['Störung', '障害 🔥'])('keeps non-ASCII ids: %s', async (sourceAlertId) => {
    const first = await sender.send({ ...ALERT, sourceAlertId });
    const again = await sender.send({ ...ALERT, sourceAlertId });
    expect([first.status, again.status]).toEqual([202, 409]);
    expect(again.body['message']).toBe(`An incident with sourceAlertId '${sourceAlertId}' already exists.`);
  });

  it('counts duplicates on the alert and stores nothing else of them', async () => {
    const own = await newTenant(server.url);
    const storm = await AlertSender.of(own);
    const first = await storm.send({ ...ALERT, sourceAlertId: 'a' });
    for (let n = 0; n < 3; n += 1) await storm.send({ ...ALERT, sourceAlertId: 'a' });
    const path = `/v1/incidents/${first.body['incidentId'] ?? ''}`;
    await until('the duplicates are counted', async () => (await own.api.get(path)).body['alertCount'] === 4);
    expect(await storedOf(own.tenantId)).toEqual({ alerts: 1, incidents: 1, events: 1 });
  });
});

describe('an alert that is refused', () => {
  let own: TenantUser;
  let honest: AlertSender;
  beforeAll(async () => {
    own = await newTenant(server.url);
    honest = await AlertSender.of(own);
  });
  const newSender = async (): Promise<AlertSender> => AlertSender.of(await newTenant(server.url));

  const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
  const bodies: readonly (readonly [what: string, body: string, status: number, code: string])[] = [
    ['is not JSON', '{"title":', 400, 'validation_error'],
    ['is an array', '[]', 400, 'validation_error'],
    ['has no title', '{"description":"x"}', 400, 'validation_error'],
    ['has a blank title', '{"title":"  ","description":"x"}', 400, 'validation_error'],
    [
      'has a title of 501 characters',
      JSON.stringify({ title: 'x'.repeat(501), description: 'x' }),
      400,
      'validation_error',
    ],
    ['has a number for a title', '{"title":1,"description":"x"}', 400, 'validation_error'],
    [
      'has an unknown severity',
      '{"title":"x","description":"x","severity":"fatal"}',
      400,
      'validation_error',
    ],
    [
      'has tags that are not strings',
      '{"title":"x","description":"x","tags":{"a":1}}',
      400,
      'validation_error',
    ],
    [
      'has metadata that is an array',
      '{"title":"x","description":"x","metadata":[]}',
      400,
      'validation_error',
    ],
    ['holds NUL', '{"title":"a\\u0000b","description":"x"}', 400, 'validation_error'],
    ['holds a lone surrogate', '{"title":"a\\ud800b","description":"x"}', 400, 'validation_error'],
    [
      'holds NUL in a metadata key',
      '{"title":"x","description":"x","metadata":{"\\u0000":1}}',
      400,
      'validation_error',
    ],
    [
      'holds a number beyond double range',
      '{"title":"x","description":"x","metadata":{"a":1e999}}',
      400,
      'validation_error',
    ],
    [
      'holds a __proto__ key',
      '{"title":"x","description":"x","metadata":{"__proto__":{"admin":true}}}',
      400,
      'validation_error',
    ],
    [
      'nests 101 levels',
      `{"title":"x","description":"x","metadata":${nested(101)}}`,
      400,
      'validation_error',
    ],
    [
      'is 2 MiB',
      JSON.stringify({ title: 'x', description: 'x', metadata: { a: 'x'.repeat(2 << 20) } }),
      413,
      'payload_too_large',
    ],
  ];

  it.each(bodies)('%s: %#', async (_what, body, status, code) => {
    const answer = await honest.send(body);
    expect([answer.status, answer.body['error']]).toEqual([status, code]);
    expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['error', 'message', 'requestId']));
    expect(await storedOf(own.tenantId)).toEqual({ alerts: 0, incidents: 0, events: 0 });
  });

  it('accepts metadata with exactly 100 levels', async () => {
    const other = await newSender();
    expect((await other.send(`{"title":"x","description":"x","metadata":${nested(100)}}`)).status).toBe(202);
  });

  it('has invalid UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from('{"title":"'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('","description":"x"}'),
    ]);
    const answer = await new Api(server.url).post(`/v1/webhooks/${own.tenantId}/custom`, body, {
      headers: { 'x-api-key': honest.key, 'x-webhook-signature': honest.sign(body) },
    });
    expect([answer.status, answer.body['error']]).toEqual([400, 'validation_error']);
  });

  it('has a wrong signature, a wrong key, another tenant’s key or another media type, or is compressed', async () => {
    const other = await newSender();
    const body = JSON.stringify(ALERT);
    const post = (headers: Record<string, string>, tenantId = own.tenantId) =>
      new Api(server.url).post(`/v1/webhooks/${tenantId}/custom`, body, { headers });
    const key = { 'x-api-key': honest.key };
    const signed = { ...key, 'x-webhook-signature': honest.sign(body) };
    const refusals = [
      await post({}),
      await post({ ...signed, 'x-api-key': 'cflo_nonsense' }),
      await post({ 'x-api-key': other.key, 'x-webhook-signature': other.sign(body) }),
      await post(signed, 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE'),
      await post(signed, 'nonsense'),
      await post(signed, '%00'),
      await post(key),
      await post({ ...key, 'x-webhook-signature': other.sign(body) }),
      await post({ ...key, 'x-webhook-signature': 'zz' }),
      await post({ ...signed, 'content-type': 'text/plain' }),
      await honest.send(gzipSync(body), { 'content-encoding': 'gzip' }),
    ];
    expect(refusals.map(({ status, body: { error } }) => `${status} ${String(error)}`)).toEqual([
      '401 invalid_api_key',
      '401 invalid_api_key',
      '401 invalid_api_key',
      '401 invalid_api_key',
      '401 invalid_api_key',
      '401 invalid_api_key',
      '401 invalid_signature',
      '401 invalid_signature',
      '401 invalid_signature',
      '415 unsupported_media_type',
      '415 unsupported_media_type',
    ]);
    expect(await storedOf(own.tenantId)).toEqual({ alerts: 0, incidents: 0, events: 0 });
  });

  it('is logged in one line, without its body', async () => {
    const marker = randomUUID();
    const answer = await honest.send(`{"title":"${marker}"}`, { 'x-request-id': 'one-line-please' });
    expect(answer.headers.get('x-request-id')).toBe('one-line-please');
    const lines = (): string[] => server.log.split('\n').filter((line) => line.includes('one-line-please'));
    await until('the line is written', () => lines().length > 0);
    // A later request has its line, so all lines of the first one are written.
    await honest.send('{}', { 'x-request-id': 'the-one-after' });
    await until('the next line is written', () => server.log.includes('the-one-after'));
    expect(lines()).toHaveLength(1);
    expect(server.log).not.toContain(marker);
  });

  it('does not affect the other alerts of its batch', async () => {
    // Alerts with NUL are refused before batching; valid ones are sent at the same moment.
    const own2 = await newSender();
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        own2.send(
          n % 3 === 0 ? '{"title":"\\u0000","description":"x"}' : { ...ALERT, sourceAlertId: `s${n}` },
        ),
      ),
    );
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(20);
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(10);
  });
});
