import { describe, expect, it } from '@jest/globals';
import { createHmac, randomBytes } from 'node:crypto';
import type { Provider } from '../provider.js';
import { PROVIDERS } from '../registry.js';
import { azureMonitor } from './azure-monitor.js';
import { betterStack } from './better-stack.js';
import { checkly } from './checkly.js';
import { datadog } from './datadog.js';
import { dynatrace } from './dynatrace.js';
import { gcpMonitoring } from './gcp-monitoring.js';
import { grafana } from './grafana.js';
import { newRelic } from './new-relic.js';
import { opsgenie } from './opsgenie.js';
import { pagerdutyEvents } from './pagerduty-events.js';
import { pagerduty } from './pagerduty.js';
import { pingdom } from './pingdom.js';
import { sentry } from './sentry.js';
import { splunk } from './splunk.js';
import { statuscake } from './statuscake.js';
import { uptimeKuma } from './uptime-kuma.js';
import { zabbix } from './zabbix.js';

const read = (source: Provider, body: object) => source.webhooks?.notices(body) ?? [];

describe('PagerDuty', () => {
  const event = (type: string, more: object = {}) => ({
    event: {
      event_type: type,
      data: {
        id: 'PGR0VU2',
        title: 'Checkout is down',
        urgency: 'low',
        priority: null,
        service: { summary: 'checkout' },
        html_url: 'https://acme.pagerduty.com/incidents/PGR0VU2',
        assignees: [{ summary: 'Ada' }],
        ...more,
      },
    },
  });

  it('maps an incident: priority before urgency', () => {
    expect(read(pagerduty, event('incident.triggered'))).toEqual([
      {
        state: 'firing',
        sourceAlertId: 'PGR0VU2',
        title: 'Checkout is down',
        description: 'Checkout is down',
        severity: 'low',
        service: 'checkout',
        environment: null,
        tags: {},
        metadata: { url: 'https://acme.pagerduty.com/incidents/PGR0VU2', assignees: 'Ada' },
      },
    ]);
    expect(read(pagerduty, event('incident.resolved', { priority: { summary: 'P1' } }))).toMatchObject([
      { state: 'resolved', sourceAlertId: 'PGR0VU2', severity: 'critical' },
    ]);
  });

  it('is known by its id, since incidents of two services may have the same key', () => {
    expect(read(pagerduty, event('incident.triggered', { incident_key: 'k' }))).toMatchObject([
      { sourceAlertId: 'PGR0VU2', metadata: { incident_key: 'k' } },
    ]);
    const [notice] = read(pagerduty, event('incident.triggered', { id: ' ', incident_key: 'k' }));
    expect(notice?.sourceAlertId).toBe('k');
    expect(read(pagerduty, event('incident.triggered', { id: ' ' }))).toEqual([]);
  });

  it.each(['incident.acknowledged', 'incident.annotated', 'service.updated', 'pagey.ping'])('%s yields no alert', (type) => {
    expect(read(pagerduty, event(type))).toEqual([]);
  }); // prettier-ignore

  it('accepts any of several signatures, as sent while the secret is rotated', () => {
    const signingSecret = randomBytes(16).toString('hex');
    const raw = Buffer.from('{}');
    const good = createHmac('sha256', signingSecret).update(raw).digest('hex');
    const verify = (header: string) =>
      pagerduty.webhooks?.verify(
        { config: {}, credentials: { signingSecret } },
        { headers: { 'x-pagerduty-signature': header }, raw },
        new Date(0),
      );
    expect(verify(`v1=${'0'.repeat(64)},v1=${good}`)).toBe(true);
    expect(verify(good)).toBe(false);
    expect(verify(`v1=${good.slice(2)}`)).toBe(false);
    expect(verify('')).toBe(false);
  });
});

describe('webhooks of PagerDuty before version 3', () => {
  const message = (type: string, status: string, id = 'PIJ90N7') => ({
    type,
    data: {
      incident: {
        id,
        incident_key: 'web-1/HTTP',
        status,
        html_url: 'https://acme.pagerduty.com/incidents/PIJ90N7',
        service: { name: 'checkout' },
        trigger_summary_data: { subject: 'HTTP is down' },
      },
    },
  });

  it('are batches in the order of time', () => {
    const messages = [
      message('incident.trigger', 'triggered'),
      message('incident.acknowledge', 'acknowledged'),
      message('incident.resolve', 'resolved'),
    ];
    expect(read(pagerduty, { messages })).toMatchObject([
      { state: 'firing', sourceAlertId: 'PIJ90N7', title: 'HTTP is down', service: 'checkout' },
      { state: 'firing', sourceAlertId: 'PIJ90N7' },
      { state: 'resolved', sourceAlertId: 'PIJ90N7' },
    ]);
    expect(read(pagerduty, { messages: [message('incident.assign', 'triggered'), null, {}] })).toEqual([]);
  });

  it('may be about two incidents with the same key', () => {
    const messages = [
      message('incident.trigger', 'triggered', 'PIJ90N7'),
      message('incident.trigger', 'triggered', 'PABCDEF'),
      message('incident.resolve', 'resolved', 'PIJ90N7'),
    ];
    const told = read(pagerduty, { messages }).map(({ state, sourceAlertId }) => `${sourceAlertId} ${state}`);
    expect(told).toEqual(['PIJ90N7 firing', 'PABCDEF firing', 'PIJ90N7 resolved']);
  });
});

describe('events for PagerDuty', () => {
  const trigger = {
    event_action: 'trigger',
    dedup_key: 'disk-1',
    payload: { summary: 'Disk is full', source: 'db-1', severity: 'error', component: 'postgres', custom_details: { free: 0.5 } },
  }; // prettier-ignore

  it('are identified by their dedup key; a resolution needs nothing else', () => {
    expect(read(pagerdutyEvents, trigger)).toMatchObject([
      { state: 'firing', sourceAlertId: 'disk-1', title: 'Disk is full', severity: 'high', service: 'postgres', metadata: { free: '0.5' } },
    ]); // prettier-ignore
    expect(read(pagerdutyEvents, { event_action: 'resolve', dedup_key: 'disk-1' })).toMatchObject([
      { state: 'resolved', sourceAlertId: 'disk-1' },
    ]);
  });

  it('yield no alert for acknowledgements and change events', () => {
    expect(read(pagerdutyEvents, { ...trigger, event_action: 'acknowledge' })).toEqual([]);
    expect(read(pagerdutyEvents, { payload: trigger.payload })).toEqual([]);
    expect(read(pagerdutyEvents, { event_action: 'trigger', payload: {} })).toEqual([]);
    const [unkeyed] = read(pagerdutyEvents, { ...trigger, dedup_key: undefined });
    const [blank] = read(pagerdutyEvents, { ...trigger, dedup_key: ' ' });
    expect(blank?.sourceAlertId).toBe(unkeyed?.sourceAlertId);
  });
});

describe('Opsgenie', () => {
  const alert = { alertId: 'a-1', message: 'Slow', priority: 2, entity: 'web', tags: ['vip'], details: { env: 'production' } };

  it.each([
    ['Create', 'firing'], ['Close', 'resolved'], ['Delete', 'resolved'], ['Acknowledge', undefined], ['AddNote', undefined],
  ])('%s means %s', (action, state) => {
    expect(read(opsgenie, { action, alert })[0]?.state).toBe(state);
  });

  it('maps numeric and textual priorities, and prefers the service of the details', () => {
    expect(read(opsgenie, { action: 'Create', alert })).toMatchObject([
      { sourceAlertId: 'a-1', severity: 'high', service: 'web', environment: 'production', tags: { vip: 'true' } },
    ]);
    const other = { ...alert, priority: 'P1', details: { service: 'checkout' } };
    expect(read(opsgenie, { action: 'Create', alert: other })).toMatchObject([
      { severity: 'critical', service: 'checkout' },
    ]);
  });

  it('keeps tags that are strings or numbers and drops the rest', () => {
    const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
    const tags = ['vip', 7, { toString: 1, valueOf: 1 }, deep, null, ['a']];
    expect(read(opsgenie, { action: 'Create', alert: { ...alert, tags } })).toMatchObject([
      { tags: { vip: 'true', 7: 'true' } },
    ]);
  });
}); // prettier-ignore

describe('Sentry', () => {
  it('identifies an issue by its id, not by that of the event', () => {
    const event = {
      event_id: 'e1',
      issue_url: 'https://sentry.io/api/0/issues/117/',
      url: 'https://sentry.io/api/0/projects/acme/front-end/events/e1/',
      title: 'ReferenceError: heck',
      level: 'fatal',
      tags: [['environment', 'production'], ['browser', 'Chrome']],
    }; // prettier-ignore
    expect(read(sentry, { action: 'triggered', data: { event } })).toMatchObject([
      {
        sourceAlertId: '117',
        severity: 'critical',
        service: 'front-end',
        environment: 'production',
        tags: { browser: 'Chrome' },
      },
    ]);
  });

  it('resolves issue alerts and metric alerts', () => {
    const issue = { id: '117', title: 'Boom', level: 'error', project: { slug: 'front-end' } };
    expect(read(sentry, { action: 'resolved', data: { issue } })).toMatchObject([
      { state: 'resolved', sourceAlertId: '117' },
    ]);
    expect(read(sentry, { action: 'assigned', data: { issue } })).toEqual([]);
    const data = { metric_alert: { id: 5, projects: ['shop'] }, description_title: 'Too slow' };
    expect(read(sentry, { action: 'critical', data })).toMatchObject([
      { state: 'firing', sourceAlertId: '5', title: 'Too slow', severity: 'critical', service: 'shop' },
    ]);
    expect(read(sentry, { action: 'resolved', data })).toMatchObject([{ state: 'resolved' }]);
  });

  it('reads the payload of the legacy plugin', () => {
    const body = { id: '9', project: 'shop', message: 'Boom', level: 'error', event: { environment: 'staging' } };
    expect(read(sentry, body)).toMatchObject([{ sourceAlertId: '9', service: 'shop', environment: 'staging', severity: 'high' }]);
  }); // prettier-ignore
});

it('drops empty columns and internal fields of a Splunk row', () => {
  const result = { count: '8', USER: '', _time: '1', date_hour: '11', list: ['a'] };
  expect(read(splunk, { search_name: 'Errors', result })).toMatchObject([{ metadata: { count: '8' } }]);
  expect(Object.keys(read(splunk, { search_name: 'Errors', result })[0]?.metadata ?? {})).toEqual(['count']);
});

it('requires the token of StatusCake once it is configured', () => {
  const verify = (body: string) =>
    statuscake.webhooks?.verify(
      { config: {}, credentials: { signingSecret: 'd41d8cd9' } },
      { headers: {}, raw: Buffer.from(body) },
      new Date(0),
    );
  expect(verify('Status=Down&Token=d41d8cd9')).toBe(true);
  expect(verify('Status=Down&Token=d41d8cd8')).toBe(false);
  expect(verify('Status=Down')).toBe(false);
});

describe('other tools', () => {
  const azure = (monitorCondition: string, severity = 'Sev1') => ({
    data: { essentials: { alertId: '/alerts/1', alertRule: 'CPU', severity, monitorCondition, configurationItems: ['vm-1'] } },
  });
  const checked = (alert_type: string) => ({ alert_type, check_id: 'c-1', check_name: 'Home', event: 'Home has failed' });
  const gcp = (state: string, more: object = {}) => ({
    incident: { incident_id: 'g-1', state, condition_name: 'CPU', resource_name: 'web-1', ended_at: 0, ...more },
  });
  const kuma = (status: number) => ({ monitor: { id: 3, name: 'Shop' }, heartbeat: { status, msg: 'timeout', monitorID: 3 } });
  const relic = (state: string) => ({ id: 'n-1', title: 'Slow', priority: 'HIGH', state, impactedEntities: ['cart'] });
  const stack = (event: string, type = 'incident') => ({ event, data: { id: 1, type, attributes: { name: 'Shop', cause: '500' } } });

  const ping = (current_state: string, more: object = {}) => ({
    check_id: 8, check_name: 'Shop', current_state, importance_level: 'LOW', description: 'HTTP Error 503', check_params: { full_url: 'https://shop' }, tags: ['env:live'], ...more,
  });
  const cake = (Status: string) => ({ Token: 't', Name: 'Shop', URL: 'https://shop', Status, StatusCode: '503', Tags: 'web,env:live' });
  const search = (more: object = {}) => ({
    sid: 'scheduler__admin__search__RMD5_at_1483557185_2', search_name: 'Errors', app: 'search', owner: 'ada', results_link: 'https://splunk/1',
    result: { host: 'web-1', _raw: 'boom', _time: '1', date_hour: '11', count: '8', USER: '' }, ...more,
  });

  it.each([
    [azureMonitor, azure('Fired'), { state: 'firing', sourceAlertId: '/alerts/1', title: 'CPU', severity: 'high', service: 'vm-1' }],
    [azureMonitor, azure('Resolved'), { state: 'resolved', sourceAlertId: '/alerts/1' }],
    [azureMonitor, { status: 'Activated', context: { id: 'r', name: 'Old', resourceName: 'vm' } }, { sourceAlertId: 'r', service: 'vm' }],
    [azureMonitor, { schemaId: 'x', data: { status: 'Deactivated', context: { id: 'r', severity: '0' } } }, { state: 'resolved', severity: 'critical' }],
    [azureMonitor, { status: 'Activated', context: { id: 'r', severity: '' } }, { severity: 'medium' }],
    [betterStack, stack('started'), { state: 'firing', sourceAlertId: '1', title: 'Shop', description: '500', severity: 'high' }],
    [betterStack, stack('resolved'), { state: 'resolved' }],
    [checkly, checked('ALERT_FAILURE'), { state: 'firing', sourceAlertId: 'c-1', severity: 'high', service: 'Home' }],
    [checkly, checked('ALERT_DEGRADED'), { severity: 'medium' }],
    [checkly, checked('ALERT_RECOVERY'), { state: 'resolved', sourceAlertId: 'c-1' }],
    [gcpMonitoring, gcp('open'), { state: 'firing', sourceAlertId: 'g-1', title: 'CPU', severity: 'high', service: 'web-1' }],
    [gcpMonitoring, gcp('CLOSED', { severity: 'Error', metadata: { user_labels: { env: 'production' } } }), { state: 'resolved', severity: 'high', environment: 'production' }],
    [newRelic, relic('ACTIVATED'), { state: 'firing', sourceAlertId: 'n-1', severity: 'high', service: 'cart' }],
    [newRelic, relic('CLOSED'), { state: 'resolved' }],
    [newRelic, { incident_id: 0, account_id: 5, current_state: 'open', condition_name: 'X', severity: 'WARNING' }, { sourceAlertId: '5:0', severity: 'medium' }],
    [pingdom, ping('DOWN'), { state: 'firing', sourceAlertId: '8', title: 'Shop', severity: 'low', service: 'Shop', environment: 'live', metadata: { full_url: 'https://shop' } }],
    [pingdom, ping('FAILING', { importance_level: 'HIGH' }), { state: 'firing', severity: 'high' }],
    [pingdom, ping('UP'), { state: 'resolved', sourceAlertId: '8' }],
    [pingdom, ping('SUCCESS'), { state: 'resolved', sourceAlertId: '8' }],
    [statuscake, cake('Down'), { state: 'firing', sourceAlertId: 'https://shop Shop', title: 'Shop', description: 'https://shop answers 503', severity: 'high', environment: 'live' }],
    [statuscake, cake('UP'), { state: 'resolved', sourceAlertId: 'https://shop Shop' }],
    [splunk, search(), { state: 'firing', sourceAlertId: 'search:Errors', title: 'Errors', description: 'boom', severity: 'medium', service: 'web-1' }],
    [splunk, search({ sid: 'scheduler__admin__search__RMD5_at_1483559999_7' }), { sourceAlertId: 'search:Errors' }],
    [splunk, search({ search_name: null }), { sourceAlertId: 'search:scheduler__admin__search__RMD5' }],
    [splunk, search({ result: { severity: 'critical', service: 'cart', env: 'live' } }), { severity: 'critical', service: 'cart', environment: 'live' }],
    [uptimeKuma, kuma(0), { state: 'firing', sourceAlertId: '3', title: 'Shop is down', description: 'timeout', severity: 'high' }],
    [uptimeKuma, kuma(1), { state: 'resolved', sourceAlertId: '3' }],
  ])('$provider: %#', (source, body, notice) => {
    expect(read(source, body)).toMatchObject([notice]);
  });

  it.each([
    [azureMonitor, azure('Paused')], [betterStack, stack('acknowledged')], [betterStack, stack('started', 'monitor')],
    [checkly, checked('NO_ALERT')], [gcpMonitoring, gcp('paused')], [newRelic, relic('ACKNOWLEDGED')],
    [pingdom, ping('PAUSED')], [statuscake, cake('Paused')], [splunk, search({ sid: null, search_name: null })],
    [uptimeKuma, kuma(2)], [uptimeKuma, { heartbeat: null, monitor: null, msg: 'Testing' }],
  ])('$provider yields no alert for other bodies: %#', (source, body) => {
    expect(read(source, body)).toEqual([]);
  });
}); // prettier-ignore

const MALFORMED = [
  {},
  [],
  { event: null, data: [], alert: 1 },
  { data: { event: 'x' } },
  { event_action: 1 },
];
/** What has no list of alerts, or no title, is not in their format at all. Add yours if that is so. */
const REFUSING = ['alertmanager', 'grafana', 'generic'];
const SENDERS = PROVIDERS.filter(({ webhooks }) => webhooks);

it.each(SENDERS.filter(({ provider }) => !REFUSING.includes(provider)))(
  '$provider, which is not among those REFUSING, yields no alert for malformed bodies',
  (source) => {
    for (const odd of MALFORMED) expect(read(source, odd)).toEqual([]);
  },
);

it.each(SENDERS.filter(({ provider }) => REFUSING.includes(provider)))(
  '$provider refuses an empty body',
  (source) => {
    expect(() => read(source, {})).toThrow(expect.objectContaining({ code: 'validation_error' }));
  },
);

it.each(['constructor', 'toString', '__proto__'])(
  '%s, an inherited property name, is not a state',
  (word) => {
    const bodies = [
      [azureMonitor, { data: { essentials: { alertId: '1', monitorCondition: word } } }],
      [azureMonitor, { status: word, context: { id: 'r' } }],
      [betterStack, { event: word, data: { id: 1, type: 'incident', attributes: {} } }],
      [checkly, { alert_type: word, check_id: 'c' }],
      [gcpMonitoring, { incident: { incident_id: 'g', state: word } }],
      [grafana, { ruleId: 1, state: word }],
      [newRelic, { id: 'n', state: word }],
      [opsgenie, { action: word, alert: { alertId: 'o' } }],
      [pagerduty, { event: { event_type: word, data: { id: 'p' } } }],
      [pagerdutyEvents, { event_action: word, payload: { summary: 's' } }],
      [sentry, { action: word, data: { issue: { id: 's' } } }],
      [sentry, { action: word, data: { metric_alert: { id: 's' } } }],
      [pingdom, { check_id: 1, current_state: word }],
      [statuscake, { Name: 'a', Status: word }],
      [uptimeKuma, { monitor: { id: 3 }, heartbeat: { status: word } }],
      [zabbix, { event_id: '1', event_value: word }],
      [dynatrace, { PID: '1', State: word }],
      [datadog, { alert_id: '1', alert_transition: word }],
    ] as const;
    expect(bodies.map(([source, body]) => [source.provider, read(source, body)])).toEqual(
      bodies.map(([source]) => [source.provider, []]),
    );
  },
);

it.each(['constructor', 'toString', '__proto__'])(
  '%s, an inherited property name, is not a severity',
  (word) => {
    const bodies = [
      [gcpMonitoring, { incident: { incident_id: 'g', state: 'open', severity: word } }, 'high'],
      [
        pagerduty,
        { event: { event_type: 'incident.triggered', data: { id: 'p', urgency: word } } },
        'medium',
      ],
      [pagerdutyEvents, { event_action: 'trigger', payload: { summary: 's', severity: word } }, 'medium'],
      [sentry, { data: { event: { issue_id: 's', level: word } } }, 'high'],
    ] as const;
    for (const [source, body, severity] of bodies) expect(read(source, body)).toMatchObject([{ severity }]);
  },
);
