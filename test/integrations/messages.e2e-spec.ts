import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { redeliverLog } from '../notifications/log-writer.js';
import { proposedPlan } from '../remediation/plan.js';
import { AlertSender, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { untilIdle } from '../support/idle.js';
import { FakeSlack, linesOf, type Posted } from '../support/slack.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';
import { arrived as arrivedAt, connect, endHold, held, notify as createTrigger } from './chat.js';

let server: TestServer;
let slack: FakeSlack;
let acme: TenantUser;
let integrationId: string;

beforeAll(async () => {
  server = await TestServer.start();
});
afterAll(() => server.stop());
beforeEach(async () => {
  slack = await FakeSlack.start();
  acme = await newTenant(server.url);
  integrationId = await connect(slack, acme);
});
afterEach(() => slack.stop());

function notify(event: string, actionConfig: object = { integrationId }, tenant = acme) {
  return createTrigger(tenant, integrationId, event, { actionConfig });
}

async function alert(title: string, more: object = {}): Promise<string> {
  const sender = await AlertSender.of(acme);
  const { body } = await sender.send({ title, description: 'd', severity: 'info', ...more });
  return body['incidentId'] ?? '';
}

function arrived(count = 1): Promise<Posted[]> {
  return arrivedAt(slack, count);
}

describe('connecting Slack', () => {
  it('is listed as a chat that messages can be sent to', async () => {
    const { body } = await acme.api.get(`/v1/integrations/${integrationId}`);
    expect(body).toMatchObject({ provider: 'slack', capabilities: ['messages'], status: 'connected' });
    expect(JSON.stringify(body)).not.toContain(slack.botToken);
  });

  it.each<[string, object, RegExp]>([
    ['an unknown channel', { ok: false, error: 'channel_not_found' }, /^Slack refused: channel_not_found\.$/],
    ['an archived channel', { ok: true, channel: { is_archived: true } }, /archived/],
    ['a channel that the app is not in', { ok: true, channel: { is_member: false } }, /invite it/],
  ])('is refused with %s', async (_, info, message) => {
    slack.info = info;
    expect(await slack.connect(acme.api)).toMatchObject({
      status: 422,
      body: { error: 'connection_failed', message: expect.stringMatching(message) },
    });
  });

  it('is refused with a token that Slack does not know', async () => {
    expect(await slack.connect(acme.api, { credentials: { botToken: 'xoxb-other' } })).toMatchObject({
      status: 422,
      body: { message: 'Slack refused: invalid_auth.' },
    });
  });

  it.each([
    ['the name of a channel', { config: { channel: '#incidents' } }, 'config.channel'],
    ['a token of a person', { credentials: { botToken: 'xoxp-1' } }, 'credentials.botToken'],
  ])('is refused with %s', async (_, body, field) => {
    expect(await slack.connect(acme.api, body)).toMatchObject({
      status: 400,
      body: { details: [{ field }] },
    });
  });

  it('does not need the scopes that read channels', async () => {
    slack.info = { ok: false, error: 'missing_scope' };
    expect((await slack.connect(acme.api)).status).toBe(201);
  });
});

describe('a trigger that notifies through an integration', () => {
  it('posts one message about an incident, also when the event is told again', async () => {
    expect((await notify('incident.created', { integrationId, text: 'Runbook: wiki/checkout' })).status).toBe(
      201,
    );
    const incidentId = await alert('High error rate', { service: 'checkout', environment: 'production' });
    const [posted] = await arrived();
    expect(posted).toMatchObject({
      channel: slack.channel,
      text: 'Incident created: High error rate',
      unfurl_links: false,
    });
    const lines = linesOf(posted as Posted);
    expect(lines).toEqual(
      expect.arrayContaining([
        '*Incident created*',
        'High error rate',
        'Runbook: wiki/checkout',
        '*Severity:* info',
        '*Service:* checkout',
        '*Environment:* production',
      ]),
    );
    expect(lines.at(-1)).toBe(`${incidentId} · Trigger: Tell on-call`);

    await redeliverLog(server.database, acme.tenantId);
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(1);
  });

  it('says what a plan would do and why, before anyone approves it', async () => {
    await notify('approval.requested');
    const plan = await proposedPlan(acme);
    const [posted] = await arrived();
    const lines = linesOf(posted as Posted);
    const { body: incident } = await acme.api.get(`/v1/incidents/${plan.incidentId}`);
    expect(lines).toEqual(
      expect.arrayContaining([
        '*Approval requested*',
        incident['title'],
        expect.stringMatching(/^\*Status:\* [a-z_]+$/),
        expect.stringMatching(/^\*Root cause \(confidence \d+ %\):\* ./),
        expect.stringMatching(/^\*Expires at:\* 20/),
        expect.stringMatching(/^1\. ./),
      ]),
    );
    expect(lines.at(-1)).toContain(plan.remediationId);
  });

  it('lets no title mention, link or forge anything', async () => {
    await notify('incident.created');
    await alert('<!channel> <@U1> &lt;!here&gt; <https://evil.example|log in>\n*Severity:* info');
    const [posted] = await arrived();
    expect(JSON.stringify(posted)).not.toMatch(/[<>]/);
    const sections = posted?.blocks.flatMap(({ text, elements = [] }) => [text, ...elements]);
    for (const text of sections?.filter((one) => one !== undefined) ?? [])
      expect(text).toMatchObject({ type: 'mrkdwn', verbatim: true });
    const lines = linesOf(posted as Posted);
    expect(lines[1]).toBe(
      '&lt;!channel&gt; &lt;@U1&gt; &amp;lt;!here&amp;gt; &lt;https://evil.example|log in&gt; *Severity:* info',
    );
  });

  it('is what Slack takes, whatever the length', async () => {
    await notify('incident.created', { integrationId, text: '>'.repeat(1000) });
    await alert('🔥&'.repeat(160), { service: '<'.repeat(200), environment: '&'.repeat(200) });
    const [posted] = await arrived();
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(1);
    expect(JSON.stringify(posted)).not.toMatch(/\\ud83d(?!\\udd25)/);
  });
});

describe('a message that Slack does not take', () => {
  it.each<[string, object]>([
    [
      'it is busy',
      { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } },
    ],
    ['it is busy until no time', { status: 429, headers: { 'retry-after': '-1e9' } }],
    ['it fails', { status: 500 }],
    ['it refuses', { status: 200, body: { ok: false, error: 'not_in_channel' } }],
  ])('is sent again: %s', async (_, treatment) => {
    slack.treatments.push(treatment as never);
    await notify('incident.created');
    await alert('not to be lost');
    const texts = (await arrived(2)).map(({ text }) => text);
    expect(texts).toEqual(Array(2).fill('Incident created: not to be lost'));
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(2);
  });

  it.each([
    ['is not sent before the time that Slack tells', '3000', 3000],
    ['is sent again after an hour when Slack tells a later time', '86400', 3600],
  ])('%s', async (_, retryAfter, most) => {
    slack.treatments.push({ status: 429, headers: { 'retry-after': retryAfter } });
    await notify('incident.created');
    await alert('later');
    await arrived();
    const later = await until('the message waits', async () => {
      const [row] = await sql<{ seconds: string }>(
        server.database.url,
        `SELECT extract(epoch FROM run_at - now()) AS seconds FROM graphile_worker._private_jobs
          WHERE payload->>'tenantId' = $1 AND run_at > now() + interval '10 minutes'`,
        [acme.tenantId],
      );
      return row;
    });
    expect(Number(later.seconds)).toBeGreaterThan(2000);
    expect(Number(later.seconds)).toBeLessThanOrEqual(most);
  });

  it('is sent once more when its answer was lost', async () => {
    slack.treatments.push('break');
    await notify('incident.created');
    await alert('twice is better than never');
    await arrived(2);
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(2);
  });

  it('is sent by the next server when this one is killed', async () => {
    const doomed = await TestServer.start();
    const slow = await FakeSlack.start();
    try {
      acme = await newTenant(doomed.url);
      const { body } = await slow.connect(acme.api);
      await notify('incident.created', { integrationId: body['integrationId'] });
      slow.treatments.push('hang');
      await alert('through a power cut');
      await until('the message is on its way', () => slow.arrived.length === 1);
      await doomed.kill();
      const next = await TestServer.start({ database: doomed.database });
      await until('it is sent again', () => slow.arrived.length === 2);
      await next.stop();
      await doomed.stop();
    } finally {
      await slow.stop();
    }
  });

  it('is given up after four hours, and an admin is told', async () => {
    slack.treatments.push({ status: 429, headers: { 'retry-after': '3000' } });
    await notify('incident.created');
    await alert('old news');
    await held(server, acme, integrationId);
    await sql(
      server.database.url,
      `WITH old AS (UPDATE chat_messages SET requested_at = requested_at - interval '4 hours' RETURNING *)
       INSERT INTO chat_messages (tenant_id, integration_id, incident_id, occasion, requested_at)
       SELECT tenant_id, integration_id, incident_id, occasion, requested_at FROM old, generate_series(1, 249)`,
      [],
      acme.tenantId,
    );
    await endHold(server, acme);
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(1);
    await until('it is logged', () =>
      server.log.includes(`${integrationId} are given up (250): Slack answered 429`),
    );

    const path = `/v1/integrations/${integrationId}`;
    expect((await acme.api.get(path)).body['status']).toBe('failing');
    const failing = await acme.api.get('/v1/integrations');
    expect(failing.body['items']).toMatchObject([{ integrationId, status: 'failing' }]);
    expect((await acme.api.post(`${path}/test`)).body).toMatchObject({
      ok: true,
      status: 'connected',
      message: expect.stringMatching(/ given up: 250, the last one at \S+Z: Slack answered 429/),
    });
    const { message } = (await acme.api.post(`${path}/test`)).body;
    expect(message).toBe('The other side answered.');
  });

  it('is dropped once its integration is disconnected', async () => {
    slack.treatments.push({ status: 429, headers: { 'retry-after': '3000' } });
    await notify('incident.created');
    await alert('nobody to tell');
    await held(server, acme, integrationId);
    expect((await acme.api.delete(`/v1/integrations/${integrationId}`)).status).toBe(204);
    await endHold(server, acme);
    await untilIdle(server.database, acme.tenantId);
    expect(slack.arrived).toHaveLength(1);
    await until('it is logged', () => server.log.includes(`${integrationId} is disconnected`));
  });
});

describe('the recipient of a message', () => {
  const refused = {
    status: 400,
    body: {
      error: 'validation_error',
      details: [
        { field: 'actionConfig.integrationId', message: expect.stringMatching(/capability messages/) },
      ],
    },
  };

  it('is an integration of the same tenant', async () => {
    const other = await newTenant(server.url);
    const unknown = await notify(
      'incident.created',
      { integrationId: 'int_01HX9VTPQR3KF8MZWBYD5N6JCE' },
      other,
    );
    const foreign = await notify('incident.created', { integrationId }, other);
    expect(foreign).toMatchObject(refused);
    expect(foreign.body).toEqual({ ...unknown.body, requestId: foreign.body['requestId'] });

    const own = await notify('incident.created', { integrationId: await connect(slack, other) }, other);
    const path = `/v1/triggers/${String(own.body['triggerId'])}`;
    expect(await other.api.patch(path, { actionConfig: { integrationId } })).toMatchObject(refused);
    expect((await other.api.get(path)).body).toEqual(own.body);
  });

  it('is an integration that can send messages', async () => {
    const { body } = await acme.api.post('/v1/integrations/uptime_kuma/connect', {});
    expect(await notify('incident.created', { integrationId: body['integrationId'] })).toMatchObject(refused);
  });

  it.each([
    [{ text: 'x' }, 'actionConfig'],
    [{ integrationId: 'C0123456789' }, 'actionConfig.integrationId'],
    [{ integrationId: 'int_01HX9VTPQR3KF8MZWBYD5N6JCE', to: 'me' }, 'actionConfig.to'],
  ])('is named as documented: %j', async (actionConfig, field) => {
    expect(await notify('incident.created', actionConfig)).toMatchObject({
      status: 400,
      body: { details: [expect.objectContaining({ field })] },
    });
  });

  it('may be gone when its trigger is disabled', async () => {
    const { body } = await notify('incident.created');
    await acme.api.delete(`/v1/integrations/${integrationId}`);
    const path = `/v1/triggers/${String(body['triggerId'])}`;
    expect(await acme.api.patch(path, { enabled: false })).toMatchObject({
      status: 200,
      body: { enabled: false },
    });
  });
});
