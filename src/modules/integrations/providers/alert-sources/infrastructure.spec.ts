import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Provider } from '../provider.js';
import { checkmk } from './checkmk.js';
import { gitlab } from './gitlab.js';
import { honeycomb } from './honeycomb.js';
import { libreNms } from './libre-nms.js';
import { mutationsOf } from './mutations.fixture.js';
import { rackspace } from './rackspace.js';
import { riemann } from './riemann.js';
import { wazuh } from './wazuh.js';

const read = (source: Provider, body: unknown) => source.webhooks?.notices(body) ?? [];

/** As the script of the setup guide sends it. */
const service = (NOTIFICATIONTYPE: string, SERVICESTATE: string, more: object = {}) => ({
  NOTIFICATIONTYPE,
  OMD_SITE: 'main',
  HOSTNAME: 'web-1',
  HOSTSTATE: 'UP',
  HOSTOUTPUT: 'ok',
  SERVICEDESC: 'CPU load',
  SERVICESTATE,
  SERVICEOUTPUT: '15 min load: 12',
  ...more,
});
const host = (NOTIFICATIONTYPE: string, HOSTSTATE: string) =>
  service(NOTIFICATIONTYPE, '', { HOSTSTATE, HOSTOUTPUT: 'no ping', SERVICEDESC: '', SERVICEOUTPUT: '' });
const trigger = (status: string, more: object = {}) => ({
  version: 'v0.1.0',
  id: 'HpPzqZ',
  name: 'Slow checkout',
  status,
  summary: 'Triggered: Slow checkout',
  description: 'Currently greater than 2',
  threshold: 2,
  result_url: '',
  result_groups_triggered: [{ Group: { 'service.name': 'checkout', region: 'eu' }, Result: 5 }],
  trigger_url: 'https://ui.honeycomb.io/acme/environments/live/datasets/shop/triggers/HpPzqZ',
  ...more,
});
const device = (state: unknown, more: object = {}) => ({
  alert_id: '26',
  device_id: '2',
  rule_id: '13',
  id: '38',
  uid: '41',
  state,
  severity: 'critical',
  title: 'Alert for device web-1',
  name: 'Device down',
  hostname: 'web-1',
  ...more,
});
const event = (state: unknown, more: object = {}) => ({
  host: 'web-1',
  service: 'api latency',
  state,
  description: 'p99 is 3 s',
  metric: 3.1,
  tags: ['env:live', 'vip'],
  ...more,
});
const rule = (level: unknown, more: object = {}) => ({
  timestamp: '2026-03-01T12:00:00.000+0000',
  rule: { level, id: '5712', description: 'sshd: brute force' },
  agent: { id: '001', name: 'web-1', ip: '10.0.0.1' },
  id: '1760000000.123',
  full_log: 'Failed password for root',
  ...more,
});
const LINES =
  'Rule ID 2902\nLevel 12\nAgent ID 001\nAgent Name web-1\nTitle x\nFull Log y\nAgent Name evil\n';

describe('tools that watch from inside', () => {
  it.each<[Provider, unknown, object]>([
    [checkmk, service('PROBLEM', 'CRITICAL'), { state: 'firing', sourceAlertId: 'main:web-1:CPU load', title: 'web-1 / CPU load is CRITICAL', description: '15 min load: 12', severity: 'critical', service: 'web-1' }],
    [checkmk, service('PROBLEM', 'WARNING'), { severity: 'medium' }],
    [checkmk, service('RECOVERY', 'OK'), { state: 'resolved', sourceAlertId: 'main:web-1:CPU load' }],
    [checkmk, host('PROBLEM', 'DOWN'), { state: 'firing', sourceAlertId: 'main:web-1', title: 'web-1 is DOWN', description: 'no ping', severity: 'high' }],
    [checkmk, host('RECOVERY', 'UP'), { state: 'resolved', sourceAlertId: 'main:web-1' }],
    [checkmk, { host: 'web-1', service: 'Disk', severity: 'CRIT', summary: 'Disk is full' }, { state: 'firing', sourceAlertId: 'web-1:Disk', title: 'Disk is full', severity: 'critical' }],
    [checkmk, { host: 'web-1', service: 'Disk', severity: 'OK' }, { state: 'resolved', sourceAlertId: 'web-1:Disk' }],
    [honeycomb, trigger('TRIGGERED'), { state: 'firing', sourceAlertId: 'HpPzqZ', title: 'Slow checkout', description: 'Currently greater than 2', severity: 'medium', service: 'checkout', environment: 'live', tags: { region: 'eu' } }],
    [honeycomb, trigger('triggered', { severity: 'critical', result_groups_triggered: null }), { state: 'firing', severity: 'critical', service: 'shop', tags: {} }],
    [honeycomb, trigger('OK', { result_groups_triggered: [] }), { state: 'resolved', sourceAlertId: 'HpPzqZ' }],
    [honeycomb, trigger('OK', { id: undefined, trigger_url: 'https://ui.honeycomb.io/acme/environments/live/datasets/__all__/triggers/1', result_groups_triggered: [] }), { sourceAlertId: 'Slow checkout', service: null, environment: 'live' }],
    [libreNms, device('1'), { state: 'firing', sourceAlertId: '26', title: 'Alert for device web-1', severity: 'critical', service: 'web-1' }],
    [libreNms, device(3), { state: 'firing', sourceAlertId: '26' }],
    [libreNms, device('0', { severity: 'ok', uid: '44' }), { state: 'resolved', sourceAlertId: '26' }],
    [libreNms, device('0', { alert_id: undefined }), { state: 'resolved', sourceAlertId: '2:13' }],
    [riemann, event('critical'), { state: 'firing', sourceAlertId: 'web-1:api latency', title: 'api latency on web-1', description: 'p99 is 3 s', severity: 'critical', service: 'api latency', environment: 'live', tags: { vip: 'true' } }],
    [riemann, event('expired', { environment: 'staging', host: null }), { state: 'firing', sourceAlertId: 'api latency', severity: 'medium', environment: 'staging' }],
    [riemann, event('ok'), { state: 'resolved', sourceAlertId: 'web-1:api latency' }],
    [riemann, [event('warning')], { state: 'firing', severity: 'medium' }],
    [wazuh, rule(12), { state: 'firing', sourceAlertId: '5712:001', title: 'sshd: brute force', description: 'Failed password for root', severity: 'high', service: 'web-1' }],
    [wazuh, { severity: 3, rule_id: '5712', all_fields: rule('15', { agent: { id: '001', labels: { service: 'checkout', environment: 'live' } } }) }, { sourceAlertId: '5712:001', severity: 'critical', service: 'checkout', environment: 'live' }],
    [wazuh, rule(7, { data: { severity: 'critical' } }), { severity: 'medium' }],
    [wazuh, rule(0), { severity: 'info' }],
    [wazuh, rule(null), { severity: 'medium' }],
    [wazuh, { message: 'Package installed', severity: 'info', description: LINES }, { sourceAlertId: '2902:001', title: 'Package installed', severity: 'info', service: 'web-1' }],
    [wazuh, { message: 'Package installed', description: LINES }, { severity: 'high' }],
  ])('$provider: %#', (source, body, notice) => {
    expect(read(source, body)).toMatchObject([notice]);
  });

  it.each<[Provider, unknown]>([
    [checkmk, service('ACKNOWLEDGEMENT', 'CRITICAL')], [checkmk, host('DOWNTIMESTART', 'DOWN')], [checkmk, { NOTIFICATIONTYPE: 'PROBLEM' }],
    [honeycomb, trigger('UNKNOWN')], [libreNms, device('2')], [libreNms, device('')], [riemann, event(null)], [riemann, event(1, { host: '', service: '' })],
    [riemann, []], [wazuh, {}], [wazuh, { rule: null, agent: { id: '1' } }],
  ])('$provider yields no alert for other bodies: %#', (source, body) => {
    expect(read(source, body)).toEqual([]);
  });
}); // prettier-ignore

it.each([
  [gitlab, 'x-gitlab-token'],
  [honeycomb, 'x-honeycomb-webhook-token'],
  [rackspace, 'x-rackspace-webhook-token'],
])('$provider: the secret is shown in %s', (source, header) => {
  const signingSecret = randomBytes(16).toString('hex');
  const verify = (headers: Record<string, string>, credentials: object = { signingSecret }) =>
    source.webhooks?.verify({ config: {}, credentials }, { headers, raw: Buffer.from('{}') }, new Date(0));
  expect(verify({ [header]: signingSecret })).toBe(true);
  expect(verify({ [header]: signingSecret.slice(1) })).toBe(false);
  expect(verify({})).toBe(false);
  expect(verify({}, { signingSecret: '' })).toBe(false);
  expect(verify({}, {})).toBeUndefined();
});

describe('a body with anything in it', () => {
  it.each<[Provider, unknown]>([
    [checkmk, service('PROBLEM', 'CRITICAL')],
    [honeycomb, trigger('TRIGGERED')],
    [libreNms, device('1')],
    [riemann, [event('critical'), event('ok')]],
    [wazuh, rule(12)],
    [wazuh, { message: 'x', severity: 'info', description: LINES, all_fields: null }],
  ])('never makes $provider fail', (source, body) => {
    for (const odd of mutationsOf(body))
      for (const { sourceAlertId } of read(source, odd)) expect(sourceAlertId).toMatch(/\S/s);
  });
});
