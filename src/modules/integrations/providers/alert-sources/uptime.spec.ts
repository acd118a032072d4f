import { describe, expect, it } from '@jest/globals';
import { updown } from './updown.js';
import { rackspace } from './rackspace.js';
import { site24x7 } from './site24x7.js';
import { thousandEyes } from './thousandeyes.js';
import { uptimerobot } from './uptimerobot.js';
import { mutationsOf } from './mutations.fixture.js';
import type { Provider } from '../provider.js';

const read = (source: Provider, body: unknown) => source.webhooks?.notices(body) ?? [];

const rack = (state: string, more: object = {}) => ({
  event_id: 'e-1',
  details: {
    target: 'shop.example.com',
    state,
    status: 'Connection refused',
    observations: [{ state: 'OK' }],
  },
  entity: { id: 'en1', label: 'web-1', metadata: 'null', ...more },
  check: { id: 'ch1', label: 'Homepage', type: 'remote.http' },
  alarm: { id: 'al1', label: 'Homepage answers', check_id: 'ch1', notification_plan_id: 'null' },
});
const site = (STATUS: string, more: object = {}) => ({
  MONITORNAME: 'Shop',
  MONITORURL: 'https://shop.example.com',
  STATUS,
  INCIDENT_REASON: 'Internal Server Error',
  OUTAGE_TIME_UNIX_FORMAT: '1760000000000',
  MONITOR_DASHBOARD_LINK: 'https://www.site24x7.com/app/client#/home/monitors/107164000000025001/Summary',
  TAGS: ['env:live', 'vip'],
  ...more,
});
const test = (eventType: string, more: object = {}) => ({
  eventId: 'e-1',
  eventType,
  alert: {
    alertId: 7_000_000_000_001,
    ruleName: 'Slow pages',
    ruleExpression: 'Response time ≥ 3 s',
    testName: 'Shop',
    severity: 'Major',
    testLabels: [{ id: 1, name: 'env:live' }, { id: 2, name: 'vip' }, null],
    permalink: 'https://app.thousandeyes.com/alerts/1',
    ...more,
  },
}); // prettier-ignore
const agent = (eventType: string) => ({
  eventType,
  agentAlert: {
    agentNotificationId: 12,
    agentName: 'berlin',
    hostname: 'te-1',
    ruleName: 'Offline',
    severity: 'INFO',
  },
});
const check = (event: string, token = 'ab12') => ({
  event,
  description: `${event} of the shop`,
  check: { token, url: 'https://shop.example.com', alias: null, error: 'timeout' },
  downtime: { id: 'd-1', error: '503', started_at: '2026-03-01T12:00:00Z', ended_at: null },
});
const monitor = (alertType: unknown, more: object = {}) => ({
  monitorID: '784',
  monitorURL: 'https://shop.example.com',
  monitorFriendlyName: 'Shop',
  alertType,
  alertDetails: 'HTTP 502 - Bad Gateway',
  alertFriendlyDuration: '*alertFriendlyDuration*',
  ...more,
});

describe('tools that check from outside', () => {
  it.each<[Provider, unknown, object]>([
    [rackspace, rack('CRITICAL'), { state: 'firing', sourceAlertId: 'en1:al1', title: 'Homepage answers', description: 'Connection refused', severity: 'critical', service: 'web-1', environment: null }],
    [rackspace, rack('WARNING', { metadata: { service: 'checkout', environment: 'live' } }), { state: 'firing', severity: 'medium', service: 'checkout', environment: 'live' }],
    [rackspace, rack('OK'), { state: 'resolved', sourceAlertId: 'en1:al1' }],
    [site24x7, site('DOWN'), { state: 'firing', sourceAlertId: '107164000000025001', title: 'Shop', description: 'Internal Server Error', severity: 'high', service: 'Shop', environment: 'live', tags: { env: 'live', vip: 'true' } }],
    [site24x7, site('CRITICAL', { TAGS: 'service:checkout,env:live' }), { severity: 'critical', service: 'checkout', environment: 'live' }],
    [site24x7, site('TROUBLE'), { severity: 'medium' }],
    [site24x7, site('UP'), { state: 'resolved', sourceAlertId: '107164000000025001' }],
    [site24x7, site('UP', { MONITOR_DASHBOARD_LINK: '$MONITOR_DASHBOARD_LINK' }), { state: 'resolved', sourceAlertId: 'Shop' }],
    [thousandEyes, test('ALERT_NOTIFICATION_TRIGGER'), { state: 'firing', sourceAlertId: '7000000000001', title: 'Slow pages', description: 'Response time ≥ 3 s', severity: 'high', service: 'Shop', environment: 'live' }],
    [thousandEyes, test('ALERT_NOTIFICATION_TRIGGER', { severity: 'Minor', testLabels: [{ name: 'service:checkout' }] }), { severity: 'low', service: 'checkout' }],
    [thousandEyes, test('ALERT_NOTIFICATION_CLEAR'), { state: 'resolved', sourceAlertId: '7000000000001' }],
    [thousandEyes, test('2'), { state: 'firing' }],
    [thousandEyes, test('1'), { state: 'resolved' }],
    [thousandEyes, agent('AGENT_ALERT_NOTIFICATION_TRIGGER'), { state: 'firing', sourceAlertId: '12', title: 'Offline', severity: 'info', service: 'te-1' }],
    [thousandEyes, agent('AGENT_ALERT_NOTIFICATION_CLEAR'), { state: 'resolved', sourceAlertId: '12' }],
    [updown, [check('check.down')], { state: 'firing', sourceAlertId: 'ab12', title: 'check.down of the shop', description: '503', severity: 'high', service: 'https://shop.example.com' }],
    [updown, [check('check.up')], { state: 'resolved', sourceAlertId: 'ab12' }],
    [updown, check('check.up'), { state: 'resolved', sourceAlertId: 'ab12' }],
    [updown, [check('check.ssl_expiration')], { state: 'firing', sourceAlertId: 'ab12:ssl', severity: 'low' }],
    [updown, [check('check.ssl_renewed')], { state: 'resolved', sourceAlertId: 'ab12:ssl' }],
    [updown, [check('check.ssl_invalid')], { state: 'firing', sourceAlertId: 'ab12:ssl', severity: 'high' }],
    [updown, [check('check.ssl_valid')], { state: 'resolved', sourceAlertId: 'ab12:ssl' }],
    [updown, [check('check.performance_drop')], { state: 'firing', sourceAlertId: 'ab12:performance', severity: 'medium' }],
    [uptimerobot, monitor('1'), { state: 'firing', sourceAlertId: '784', title: 'Shop', description: 'HTTP 502 - Bad Gateway', severity: 'high', service: 'Shop', metadata: { monitorurl: 'https://shop.example.com' } }],
    [uptimerobot, monitor(2), { state: 'resolved', sourceAlertId: '784' }],
    [uptimerobot, monitor('3', { monitorTags: 'service:checkout' }), { state: 'firing', sourceAlertId: '784:expiry', severity: 'low', service: 'checkout' }],
    [uptimerobot, { monitor_friendly_name: 'Shop', monitor_url: 'https://shop', alert_type: '*alertType*', alert_type_friendly_name: 'Down' }, { state: 'firing', sourceAlertId: 'https://shop' }],
  ])('$provider: %#', (source, body, notice) => {
    expect(read(source, body)).toMatchObject([notice]);
  });

  it.each<[Provider, unknown]>([
    [rackspace, rack('DISABLED')], [site24x7, site('SUSPENDED')], [site24x7, site('MAINTENANCE')],
    [thousandEyes, { eventId: 'e-1', eventType: 'WEBHOOK_TEST' }], [thousandEyes, test('ALERT_NOTIFICATION_UPDATE')],
    [updown, []], [updown, [check('check.created')]], [uptimerobot, monitor('99')], [uptimerobot, monitor('*alertType*')],
  ])('$provider yields no alert for other bodies: %#', (source, body) => {
    expect(read(source, body)).toEqual([]);
  });
}); // prettier-ignore

it('two monitors of Site24x7 are two alerts, though JSON rounds their numbers to the same one', () => {
  const [one, other] = ['107164000000025001', '107164000000025002'].map((id) =>
    JSON.parse(JSON.stringify({ MONITOR: 0, STATUS: 'DOWN', MONITORNAME: `Shop ${id.at(-1)}` }).replace('"MONITOR":0', `"MONITOR_ID":${id}`)) as object,
  ); // prettier-ignore
  expect(read(site24x7, one)).toHaveLength(1);
  expect(read(site24x7, one)[0]?.sourceAlertId).not.toBe(read(site24x7, other)[0]?.sourceAlertId);
});

describe('a list of events of updown.io', () => {
  const states = (...events: object[]) =>
    read(updown, events).map(({ state, sourceAlertId }) => [state, sourceAlertId]);

  it('is read in its order', () => {
    const events = ['check.up', 'check.down', 'check.ssl_valid', 'unknown'].map((event) => check(event));
    expect(states(...events)).toEqual([['resolved', 'ab12'], ['firing', 'ab12'], ['resolved', 'ab12:ssl']]);
  }); // prettier-ignore

  it('is not one of hundreds of thousands', () => {
    expect(() => read(updown, Array(10_001).fill({}))).toThrow(/at most 10000 entries/);
    expect(states(check('check.down', 'a'), check('check.down', 'b'))).toEqual([['firing', 'a'], ['firing', 'b']]); // prettier-ignore
  });
});

describe('a body with anything in it', () => {
  it.each<[Provider, unknown]>([
    [rackspace, rack('CRITICAL', { metadata: { service: 'a' } })],
    [site24x7, site('DOWN')],
    [thousandEyes, test('ALERT_NOTIFICATION_TRIGGER')],
    [thousandEyes, agent('AGENT_ALERT_NOTIFICATION_CLEAR')],
    [updown, [check('check.down'), check('check.up')]],
    [uptimerobot, monitor('1')],
  ])('never makes $provider fail', (source, body) => {
    for (const odd of mutationsOf(body))
      for (const { sourceAlertId } of read(source, odd)) expect(sourceAlertId).toMatch(/\S/s);
  });
});
