import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newKey, newTenant, type TenantUser } from '../support/api.js';
import { sql } from '../support/database.js';
import { OpenApi } from '../support/openapi.js';
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
let key: string;

beforeAll(async () => {
  server = await TestServer.start({ env: { ROLE: 'api' } });
  tenant = await newTenant(server.url);
  key = (await newKey(tenant)).plaintextKey;
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

const sendByKey = (provider: string, body: object) =>
  send(`/v1/webhooks/${tenant.tenantId}/${provider}`, body, { 'x-api-key': key });

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
  ['coralogix', (isOver) => ({ alert_id: '1', name: 'Slow', alert_action: isOver ? 'resolve' : 'trigger', fields: [{ key: 'subsystem', value: 'checkout' }] }), {}],
  ['flux', (isOver) => ({ involvedObject: { kind: 'HelmRelease', name: 'checkout' }, ...(isOver ? { severity: 'info', reason: 'UpgradeSucceeded' } : { severity: 'error', reason: 'UpgradeFailed' }) }), {}],
  ['generic', (isOver) => ({ id: '1', title: 'Slow', service: 'checkout', status: isOver ? 'ok' : 'alerting' }), {}],
  ['generic', (isOver) => JSON.stringify({ id: '2', title: 'Slow', service: 'checkout', resolved: isOver }), AS_FORM],
  ['generic', (isOver) => `title=Slower&service=checkout&state=${isOver ? 'up' : 'down'}`, AS_FORM],
  ['checkmk', (isOver) => ({ NOTIFICATIONTYPE: isOver ? 'RECOVERY' : 'PROBLEM', HOSTNAME: 'checkout', HOSTSTATE: isOver ? 'UP' : 'DOWN' }), {}],
  ['honeycomb', (isOver) => ({ id: '1', name: 'Slow', status: isOver ? 'OK' : 'TRIGGERED', service: 'checkout' }), {}],
  ['libre_nms', (isOver) => ({ alert_id: '1', state: isOver ? '0' : '1', title: 'Slow', hostname: 'checkout' }), AS_TEXT],
  ['rackspace', (isOver) => ({ details: { state: isOver ? 'OK' : 'CRITICAL' }, entity: { id: 'en1', label: 'checkout' }, alarm: { id: 'al1', label: 'Slow' } }), {}],
  ['riemann', (isOver) => ({ host: 'web-1', service: 'checkout', state: isOver ? 'ok' : 'critical' }), {}],
  ['site24x7', (isOver) => ({ MONITOR_ID: 1, MONITORNAME: 'checkout', STATUS: isOver ? 'UP' : 'DOWN' }), {}],
  ['site24x7', (isOver) => `MONITOR_ID=2&MONITORNAME=checkout&STATUS=${isOver ? 'UP' : 'DOWN'}`, AS_FORM],
  ['thousandeyes', (isOver) => ({ eventType: `ALERT_NOTIFICATION_${isOver ? 'CLEAR' : 'TRIGGER'}`, alert: { alertId: 1, ruleName: 'Slow', testName: 'checkout' } }), {}],
  ['updown', (isOver) => [{ event: isOver ? 'check.up' : 'check.down', check: { token: 'ab12', alias: 'checkout' } }], {}],
  ['uptimerobot', (isOver) => ({ monitorID: '1', monitorFriendlyName: 'checkout', alertType: isOver ? '2' : '1' }), {}],
  ['uptimerobot', (isOver) => `monitorID=2&monitorFriendlyName=checkout&alertType=${isOver ? '2' : '1'}`, AS_FORM],
  ['generic', (isOver) => `payload=${encodeURIComponent(JSON.stringify({ id: '3', title: 'Slow', service: 'checkout', status: isOver ? 'ok' : 'alerting' }))}`, AS_FORM],
  ['aws_eventbridge', (isOver) => ({ 'detail-type': 'Glue Job State Change', source: 'aws.glue', detail: { jobName: 'checkout', state: isOver ? 'SUCCEEDED' : 'FAILED' } }), {}],
  ['kibana', (isOver) => ({ alertId: 'r', alertName: 'Slow', alertInstanceId: 'web-1', alertActionGroup: isOver ? 'recovered' : 'default', tags: 'service:checkout' }), {}],
  ['kibana', (isOver) => JSON.stringify({ rule: { id: 'r2', name: 'Slow' }, alert: { id: '*', actionGroup: isOver ? 'recovered' : 'default' }, service: 'checkout' }), AS_FORM],
  ['new_relic', (isOver) => ({ incident_id: 'i', condition_name: ['Slow'], impactedEntities: ['checkout'], current_state: isOver ? 'CLOSED' : 'OPEN' }), {}],
  ['pagerduty_events_v2', (isOver) => ({ event_type: isOver ? 'resolve' : 'trigger', incident_key: 'k', ...(!isOver && { description: 'Slow', details: { service: 'checkout' } }) }), {}],
]; // prettier-ignore

it.each(['sendAlerts', 'sendAlertsByToken'])(
  'the document of %s allows the JSON of every tool',
  async (id) => {
    const openApi = await OpenApi.of(server.url);
    const { schema = {} } = openApi.operation(id).requestBody?.content['application/json'] ?? {};
    const bodies = PAIRS.map(([, told]) => told(false)).filter((body) => typeof body === 'object');
    expect(bodies.length).toBeGreaterThan(20);
    expect(bodies.flatMap((body) => openApi.faultsIn(schema, body))).toEqual([]);
  },
);

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

/** Those that never tell that an alert is over: two runs of one alert. */
const WITHOUT_END: [provider: string, run: (n: number) => object][] = [
  ['splunk', (n) => ({ search_name: 'Slow', app: 'search', sid: `a_at_${n}_${n}`, result: { host: 'web-1' } })],
  ['falco', (n) => ({ rule: 'Terminal shell', hostname: 'web-1', output: `run ${n}`, priority: 'Warning' })],
  ['graylog', (n) => ({ event_definition_id: 'd', event: { id: `e-${n}`, key: '', message: 'Slow', priority: 2 } })],
  ['wazuh', (n) => ({ id: `e-${n}`, rule: { id: '5712', level: 12, description: 'Brute force' }, agent: { id: '001', name: 'web-1' } })],
  ['kubernetes', (n) => ({ involvedObject: { kind: 'Pod', name: 'web-1' }, reason: 'BackOff', type: 'Warning', count: n })],
]; // prettier-ignore

it.each(WITHOUT_END)(
  'an alert of %s is deduplicated until a person resolves its incident',
  async (provider, run) => {
    // With the API key: Kubernetes is called when it is connected.
    const sent = async (n: number) => (await sendByKey(provider, run(n))).body.incidents[0];
    const [first, second] = [await sent(1), await sent(2)];
    expect(first).toMatchObject({ status: 'triaging' });
    expect(second).toEqual(first);
    await tenant.api.patch(`/v1/incidents/${first?.incidentId}`, { status: 'resolved' });
    expect((await sent(3))?.incidentId).not.toBe(first?.incidentId);
  },
);

describe('the mapping of a generic webhook', () => {
  const config = {
    list: 'data.alerts',
    fields: { sourceAlertId: 'check.key', title: 'check.name', state: 'check.value', service: 'owner' },
    resolvedValues: ['0'],
  };
  const told = (value: number) => ({
    data: {
      alerts: ['a', 'b'].map((key) => ({ check: { key, name: `Slow ${key}`, value }, owner: 'checkout' })),
    },
  });

  it('reads what comes to the address of its integration', async () => {
    const path = await connected('generic', config);
    const fired = await send(path, told(1));
    expect(fired.body.incidents.map(({ sourceAlertId }) => sourceAlertId)).toEqual(['a', 'b']);
    const incident = await tenant.api.get(`/v1/incidents/${fired.body.incidents[0]?.incidentId}`);
    expect(incident.body).toMatchObject({ provider: 'generic', title: 'Slow a', service: 'checkout' });
    const over = await send(path, told(0));
    expect(over.body.incidents).toEqual(fired.body.incidents.map((one) => ({ ...one, status: 'resolved' })));
  });

  it('holds neither for another integration nor for a body that comes with an API key', async () => {
    const body = { id: 'own', title: 'Slow', check: { key: 'mapped' } };
    const mapped = await connected('generic', { fields: { sourceAlertId: 'check.key' } });
    const plain = await connected('generic');
    const ids = [await send(mapped, body), await send(plain, body), await sendByKey('generic', body)].map(
      ({ body: { incidents } }) => incidents[0]?.sourceAlertId,
    );
    expect(ids).toEqual(['mapped', 'own', 'own']);
  });

  it('must be one of paths', async () => {
    for (const [bad, field] of [
      [{ list: '' }, 'config.list'],
      [{ list: 'a..b' }, 'config.list'],
      [{ fields: { title: Array(11).fill('a').join('.') } }, 'config.fields.title'],
      [{ fields: { colour: 'a' } }, 'config.fields.colour'],
      [{ fields: ['a'] }, 'config.fields'],
      [{ resolvedValues: 'OK' }, 'config.resolvedValues'],
    ] as const)
      expect(await tenant.api.post('/v1/integrations/generic/connect', { config: bad })).toMatchObject({
        status: 400,
        body: { details: [{ field }] },
      });
  });

  it('that leads to no title is told to the sender', async () => {
    const path = await connected('generic');
    const answer = await send(path, { anything: 'else' });
    expect(answer).toMatchObject({ status: 400, body: { error: 'validation_error' } });
  });
});

it('an alert of updown is not over when its list ends with a firing event', async () => {
  const path = await connected('updown');
  const event = (name: string) => ({ event: `check.${name}`, check: { token: 'cd34', alias: 'checkout' } });
  const [opened] = (await send(path, [event('down')])).body.incidents;
  const again = await send(path, [event('up'), event('down')]);
  expect(again.body).toEqual({ accepted: 1, incidents: [opened] });
  const over = await send(path, [event('down'), event('up')]);
  expect(over.body.incidents.at(-1)).toEqual({ ...opened, status: 'resolved' });
});

describe('a subscription to a topic of SNS', () => {
  const handshake = { Type: 'SubscriptionConfirmation', TopicArn: TOPIC, Token: 'abc' };
  const jobs = () =>
    sql<{ key: string; queue_name: string | null }>(
      server.database.url,
      `SELECT key, queue_name FROM graphile_worker.jobs WHERE task_identifier = 'confirm-subscription'`,
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

  it('waits for the others of its tenant, so that many that hang leave workers for everything else', async () => {
    const path = await connected('cloudwatch_sns');
    for (const Token of ['one', 'two']) await send(path, { ...handshake, Token }, AS_TEXT);
    const own = (await jobs()).filter(({ key }) => key.includes(tenant.tenantId));
    expect(own.length).toBeGreaterThan(1);
    const queues = new Set(own.map(({ queue_name: queue }) => queue));
    expect([...queues]).toEqual([expect.stringContaining(tenant.tenantId)]);
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
