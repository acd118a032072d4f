import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AlertSender, Api, newTenant, type TenantUser } from '../support/api.js';
import { TestServer } from '../support/server.js';
import { until } from '../support/until.js';

interface Affected {
  readonly incidentId: string;
  readonly status: string;
  readonly sourceAlertId: string;
}

/** A server of a tool: sends a body and returns the incident that it is about. */
type Sender = (body: object) => Promise<Affected | undefined>;

let server: TestServer;
let tenant: TenantUser;

beforeAll(async () => {
  server = await TestServer.start();
});
beforeEach(async () => {
  tenant = await newTenant(server.url);
});
afterAll(() => server.stop());

/** By an integration of its own. */
async function connected(provider: string, { api } = tenant): Promise<Sender> {
  const { status, body } = await api.post<{ ingestUrl: string }>(`/v1/integrations/${provider}/connect`, {});
  expect(status).toBe(201);
  return senderTo(new URL(body.ingestUrl).pathname);
}

async function byKey(provider: string): Promise<Sender> {
  const { key } = await AlertSender.of(tenant);
  return senderTo(`/v1/webhooks/${tenant.tenantId}/${provider}`, { 'x-api-key': key });
}

function senderTo(path: string, headers: Record<string, string> = {}): Sender {
  const api = new Api(server.url);
  return async (body) => {
    const answer = await api.post<{ incidents: Affected[] }>(path, body, { headers });
    expect(answer.status).toBe(202);
    return answer.body.incidents[0];
  };
}

const outage = (id = 3) => ({ heartbeat: { status: 0, monitorID: id }, monitor: { id, name: 'shop' } });
const recovery = (id = 3) => ({ heartbeat: { status: 1, monitorID: id }, monitor: { id, name: 'shop' } });

async function incident(
  { incidentId }: Pick<Affected, 'incidentId'>,
  { api } = tenant,
): Promise<Record<string, unknown>> {
  return (await api.get(`/v1/incidents/${incidentId}`)).body;
}

const statusOf = async (affected: Affected | undefined, of = tenant) =>
  affected && (await incident(affected, of))['status'];

async function incidentsOf({ api } = tenant): Promise<{ incidentId: string; sourceAlertId: string }[]> {
  const { body } = await api.get<{ items: { incidentId: string; sourceAlertId: string }[] }>('/v1/incidents');
  return body.items;
}

/** A body of each source that declares it. */
const LOCAL_IDS: [provider: string, body: object, sourceAlertId: string][] = [
  ['uptime_kuma', outage(), '3'],
  ['zabbix', { event_id: '3', trigger_id: '7', event_value: '1', event_name: 'Slow' }, '7:3'],
  ['splunk', { search_name: 'Slow', app: 'search', sid: 'a_at_1_1', result: {} }, 'search:Slow'],
  ['generic', { id: 3, title: 'Slow' }, '3'],
  ['falco', { rule: 'Shell', hostname: 'node-1', priority: 'Error' }, 'Shell:node-1'],
  [
    'pagerduty_events_v2',
    { event_action: 'trigger', dedup_key: 'disk', payload: { summary: 'Full' } },
    'disk',
  ],
  ['grafana', { ruleId: 7, orgId: 1, ruleName: 'CPU', state: 'alerting' }, '1:7'],
  ['dynatrace', { State: 'OPEN', ProblemID: 'P-3', ProblemTitle: 'Slow' }, 'P-3'],
  ['sentry', { action: 'created', data: { issue: { id: '3', title: 'TypeError' } } }, '3'],
  [
    'checkmk',
    { NOTIFICATIONTYPE: 'PROBLEM', OMD_SITE: 'main', HOSTNAME: 'web-1', HOSTSTATE: 'DOWN' },
    'main:web-1',
  ],
  ['libre_nms', { alert_id: '3', state: '1', title: 'Down' }, '3'],
  ['riemann', { host: 'web-1', service: 'cpu', state: 'critical' }, 'web-1:cpu'],
  ['wazuh', { rule: { id: '5712', description: 'Brute force' }, agent: { id: '001' } }, '5712:001'],
];

describe('ids that are unique only within one server of the tool', () => {
  it.each(LOCAL_IDS)('open an incident of %s for each integration', async (provider, body, sourceAlertId) => {
    const [one, other] = [await connected(provider), await connected(provider)];
    const [first, second] = [await one(body), await other(body)];
    expect(first?.incidentId).not.toBe(second?.incidentId);
    for (const opened of [first, second]) {
      expect(opened).toMatchObject({ sourceAlertId });
      const path = `/v1/incidents/${opened?.incidentId}`;
      const shown = { provider, sourceAlertId };
      expect((await tenant.api.get(path)).body).toMatchObject(shown);
      expect((await tenant.api.get(`${path}/alerts`)).body).toMatchObject({ items: [shown] });
    }
    expect((await one(body))?.incidentId).toBe(first?.incidentId);
    expect((await other(body))?.incidentId).toBe(second?.incidentId);
  });

  it('resolve the incident of their own integration', async () => {
    const [one, other] = [await connected('uptime_kuma'), await connected('uptime_kuma')];
    const [first, second] = [await one(outage()), await other(outage())];
    expect(await other(recovery())).toEqual({ ...second, status: 'resolved' });
    expect(await statusOf(first)).not.toBe('resolved');
    const third = await other(outage());
    expect([first, second].map((opened) => opened?.incidentId)).not.toContain(third?.incidentId);
    expect(await one(recovery())).toEqual({ ...first, status: 'resolved' });
    expect(await statusOf(third)).not.toBe('resolved');
  });

  it('are not those of a recovery whose outage another integration reported', async () => {
    const [one, other] = [await connected('uptime_kuma'), await connected('uptime_kuma')];
    const opened = await one(outage());
    expect(await other(recovery())).toBeUndefined();
    expect(await statusOf(opened)).not.toBe('resolved');
  });

  it('are another sender’s with an API key, and repeats of each other with several keys', async () => {
    const [one, keyed, rotated] = [
      await connected('uptime_kuma'),
      await byKey('uptime_kuma'),
      await byKey('uptime_kuma'),
    ];
    const [first, second] = [await one(outage()), await keyed(outage())];
    expect(second?.incidentId).not.toBe(first?.incidentId);
    expect((await rotated(outage()))?.incidentId).toBe(second?.incidentId);
    expect(await rotated(recovery())).toEqual({ ...second, status: 'resolved' });
    expect(await statusOf(first)).not.toBe('resolved');
  });

  it('are different alerts in two tenants', async () => {
    const neighbour = await newTenant(server.url);
    const [ours, theirs] = [await connected('uptime_kuma'), await connected('uptime_kuma', neighbour)];
    const [first, second] = [await ours(outage()), await theirs(outage())];
    expect(await theirs(recovery())).toEqual({ ...second, status: 'resolved' });
    expect(await statusOf(first)).not.toBe('resolved');
    for (const [of, opened] of [[tenant, first], [neighbour, second]] as const)
      expect((await incidentsOf(of)).map(({ incidentId }) => incidentId)).toEqual([opened?.incidentId]);
  }); // prettier-ignore

  it('open one incident per integration when both send the same alert 20 times at once', async () => {
    const senders = [await connected('uptime_kuma'), await connected('uptime_kuma')];
    const storm = senders.map((send) => Promise.all(Array.from({ length: 20 }, () => send(outage()))));
    const opened = (await Promise.all(storm)).map((answers) => [
      ...new Set(answers.map((affected) => affected?.incidentId)),
    ]);
    expect(opened.map((ids) => ids.length)).toEqual([1, 1]);
    expect(opened[0]).not.toEqual(opened[1]);
    expect(await incidentsOf()).toHaveLength(2);
    for (const [incidentId = ''] of opened)
      await until(
        'all repeats are counted',
        async () => (await incident({ incidentId }))['alertCount'] === 20,
      );
  });
});

type Told = (isOver: boolean) => object;

const group: Told = (isOver) => ({
  alerts: [{ status: isOver ? 'resolved' : 'firing', fingerprint: 'f1', labels: { alertname: 'A' } }],
});

/** Two Alertmanagers of a pair, two contact points of one Grafana, two problem notifications of one Dynatrace environment. */
it.each<[provider: string, told: Told]>([
  ['alertmanager', group],
  ['grafana', group],
  ['dynatrace', (isOver) => ({ State: isOver ? 'RESOLVED' : 'OPEN', PID: '-537_1V2', ProblemID: 'P-3' })],
])('two integrations of %s open one incident for an id that is unique everywhere', async (provider, told) => {
  const [one, other] = [await connected(provider), await connected(provider)];
  const opened = await one(told(false));
  expect((await other(told(false)))?.incidentId).toBe(opened?.incidentId);
  expect(await other(told(true))).toEqual({ ...opened, status: 'resolved' });
});

const onService = (id: string, service: string) => (isOver: boolean) => ({
  event: {
    event_type: isOver ? 'incident.resolved' : 'incident.triggered',
    data: { id, incident_key: 'disk', title: 'Disk is full', service: { id: service, summary: service } },
  },
});
const issue: Told = (isOver) => ({
  action: isOver ? 'resolved' : 'created',
  data: { issue: { id: '5', title: 'TypeError' } },
});
const metricAlert: Told = (isOver) => ({
  action: isOver ? 'resolved' : 'critical',
  data: { metric_alert: { id: 5 }, description_title: 'Slow' },
});

describe.each<[alerts: string, provider: string, first: Told, second: Told]>([
  ['the same dedup key on two services of', 'pagerduty', onService('PA1', 'shop'), onService('PB2', 'cart')],
  ['an issue and a metric alert with the same number in', 'sentry', issue, metricAlert],
])('%s %s', (_, provider, first, second) => {
  it.each(['an integration', 'an API key'])('are two alerts by %s', async (by) => {
    const send = by === 'an API key' ? await byKey(provider) : await connected(provider);
    const [opened, other] = [await send(first(false)), await send(second(false))];
    expect(other?.incidentId).not.toBe(opened?.incidentId);
    expect((await send(first(false)))?.incidentId).toBe(opened?.incidentId);
    expect(await send(second(true))).toEqual({ ...other, status: 'resolved' });
    expect(await statusOf(opened)).not.toBe('resolved');
    expect(await send(first(true))).toEqual({ ...opened, status: 'resolved' });
  });
});
