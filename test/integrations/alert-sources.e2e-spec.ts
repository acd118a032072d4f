import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { TestServer } from '../support/server.js';

interface Taken {
  readonly accepted: number;
  readonly incidents: { incidentId: string; status: string; sourceAlertId: string }[];
}

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const AS_TEXT = { 'content-type': 'text/plain; charset=UTF-8' };
const AS_FORM = { 'content-type': 'application/x-www-form-urlencoded' };

/** Without a worker: nothing here may call Amazon. */
let server: TestServer;
let tenant: TenantUser;

beforeAll(async () => {
  server = await TestServer.start({ env: { ROLE: 'api' } });
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

async function connected(provider: string, config: object = {}): Promise<string> {
  const answer = await tenant.api.post<{ ingestUrl: string }>(`/v1/integrations/${provider}/connect`, {
    config,
  });
  expect(answer.status).toBe(201);
  return new URL(answer.body.ingestUrl).pathname;
}

function send(path: string, body: object | string, headers: Record<string, string> = {}) {
  return tenant.api.post<Taken>(path, body, { headers: { 'content-type': 'application/json', ...headers } });
}

const sns = (message: object | string, more: object = {}) => ({
  Type: 'Notification',
  MessageId: 'm-1',
  TopicArn: TOPIC,
  Message: typeof message === 'string' ? message : JSON.stringify(message),
  ...more,
});
const alarm = (value: string) => ({
  AlarmName: 'checkout-5xx',
  AWSAccountId: '123456789012',
  NewStateValue: value,
  Trigger: { Dimensions: [{ name: 'ServiceName', value: 'checkout' }] },
});

/** How each source tells of an alert, and of its end. */
const PAIRS: [
  provider: string,
  told: (isOver: boolean) => object | string,
  headers: Record<string, string>,
][] = [
  ['datadog', (isOver) => ({ alert_id: '1', alert_scope: 'service:checkout', alert_transition: isOver ? 'Recovered' : 'Triggered', title: 'Slow' }), {}],
  ['datadog', (isOver) => `alert_id=2&alert_scope=service:checkout&alert_transition=${isOver ? 'Recovered' : 'Triggered'}&title=Slow`, AS_FORM],
  ['cloudwatch_sns', (isOver) => sns(alarm(isOver ? 'OK' : 'ALARM')), AS_TEXT],
  ['aws_eventbridge', (isOver) => ({
    'detail-type': 'CloudWatch Alarm State Change',
    resources: ['arn:aws:cloudwatch:eu-west-1:123456789012:alarm:checkout-5xx'],
    detail: { alarmName: 'checkout-5xx', state: { value: isOver ? 'OK' : 'ALARM' }, configuration: { metrics: [{ metricStat: { metric: { dimensions: { ServiceName: 'checkout' } } } }] } },
  }), {}],
  ['zabbix', (isOver) => ({ event_id: '1', event_value: isOver ? '0' : '1', event_name: 'Slow', host_name: 'checkout' }), {}],
  ['dynatrace', (isOver) => ({ State: isOver ? 'RESOLVED' : 'OPEN', PID: '1', ProblemTitle: 'Slow', Tags: 'service:checkout' }), {}],
  ['kibana', (isOver) => ({ rule: { id: 'r', name: 'Slow' }, alert: { id: '*', actionGroup: isOver ? 'recovered' : 'default' }, service: 'checkout' }), {}],
  ['pingdom', (isOver) => ({ check_id: 1, check_name: 'checkout', current_state: isOver ? 'UP' : 'DOWN' }), {}],
  ['statuscake', (isOver) => `Token=x&Name=checkout&URL=https%3A%2F%2Fshop&Status=${isOver ? 'Up' : 'Down'}&StatusCode=503`, AS_FORM],
]; // prettier-ignore

describe.each(PAIRS)('an alert of %s', (provider, told, headers) => {
  it('opens one incident however often it is sent, and is resolved by the tool', async () => {
    const path = await connected(provider);
    const before = await send(path, told(true), headers);
    expect([before.status, before.body.incidents]).toEqual([202, []]);

    const fired = await send(path, told(false), headers);
    const again = await send(path, told(false), headers);
    const [opened] = fired.body.incidents;
    expect([fired.status, again.status]).toEqual([202, 202]);
    expect(again.body.incidents.map(({ incidentId }) => incidentId)).toEqual([opened?.incidentId]);
    const incident = await tenant.api.get(`/v1/incidents/${opened?.incidentId}`);
    expect(incident.body).toMatchObject({ provider, service: 'checkout' });

    const over = await send(path, told(true), headers);
    expect(over.body).toEqual({ accepted: 1, incidents: [{ ...opened, status: 'resolved' }] });
  });
});

it('an alert of splunk is deduplicated until a person resolves its incident', async () => {
  const path = await connected('splunk');
  const run = (sid: string) =>
    send(path, { search_name: 'Slow', app: 'search', sid, result: { host: 'web-1' } });
  const [first, second] = [await run('a_at_1_1'), await run('a_at_2_2')].map(({ body }) => body.incidents[0]);
  expect(second).toEqual(first);
  await tenant.api.patch(`/v1/incidents/${first?.incidentId}`, { status: 'resolved' });
  const [third] = (await run('a_at_3_3')).body.incidents;
  expect(third?.incidentId).not.toBe(first?.incidentId);
});

describe('a subscription to a topic of SNS', () => {
  const handshake = { Type: 'SubscriptionConfirmation', TopicArn: TOPIC, Token: 'abc' };
  const jobs = () =>
    sql<{ key: string }>(
      server.database.url,
      `SELECT key FROM graphile_worker.jobs WHERE task_identifier = 'confirm-subscription'`,
      [],
      tenant.tenantId,
    );

  it('is confirmed by one job however often SNS asks, and only with a valid ingest token', async () => {
    const path = await connected('cloudwatch_sns');
    expect((await send(path.replace(/[^/]+$/, 'x'.repeat(43)), handshake, AS_TEXT)).status).toBe(401);
    expect(await jobs()).toEqual([]);
    for (let n = 0; n < 2; n += 1)
      expect(await send(path, handshake, AS_TEXT)).toMatchObject({
        status: 202,
        body: { accepted: 0, incidents: [] },
      });
    expect(await jobs()).toHaveLength(1);
    expect((await send(path, { ...handshake, TopicArn: 'arn:evil' }, AS_TEXT)).status).toBe(400);
    expect(await jobs()).toHaveLength(1);
  });

  it('accepts only signed messages once the topic is configured', async () => {
    const path = await connected('cloudwatch_sns', { topicArn: TOPIC });
    const before = await jobs();
    for (const unsigned of [sns(alarm('ALARM')), alarm('ALARM'), handshake, { ...handshake, Token: 'other' }])
      expect(await send(path, unsigned, AS_TEXT)).toMatchObject({
        status: 401,
        body: { error: 'invalid_signature' },
      });
    expect(await jobs()).toEqual(before);
    const bad = await tenant.api.post('/v1/integrations/cloudwatch_sns/connect', {
      config: { topicArn: 'alarms' },
    });
    expect(bad.status).toBe(400);
  });
});
