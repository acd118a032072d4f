import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { Provider } from '../provider.js';
import { coralogix } from './coralogix.js';
import { falco } from './falco.js';
import { flux } from './flux.js';
import { graylog } from './graylog.js';
import { mutationsOf } from './mutations.fixture.js';

const read = (source: Provider, body: unknown) => source.webhooks?.notices(body) ?? [];

describe('Coralogix', () => {
  const told = (more: object = {}, fields: unknown = [{ key: 'priority', value: 'P1' }, { key: 'dedupKey', value: 'd-1' }]) => ({
    alert_id: 'a-1', name: 'Errors', description: 'Too many', alert_action: 'trigger', alert_url: 'https://coralogix/1',
    service: '$SERVICE', fields, ...more,
  });

  it('reads the variables of the body and of the list of pairs', () => {
    expect(read(coralogix, told())).toEqual([
      {
        state: 'firing', sourceAlertId: 'd-1', title: 'Errors', description: 'Too many', severity: 'critical', service: null,
        environment: null, tags: {}, metadata: { alerturl: 'https://coralogix/1' },
      },
    ]);
  });

  it('resolves, and falls back to the alert, its severity, subsystem and labels', () => {
    const pairs = [{ key: 'severity', value: 'Error' }, { key: 'subsystem', value: 'cart' }, { key: 'metaLabels', value: 'env:live' }];
    expect(read(coralogix, told({ alert_action: 'resolve' }, pairs))).toMatchObject([
      { state: 'resolved', sourceAlertId: 'a-1', severity: 'high', service: 'cart', environment: 'live' },
    ]);
  });

  it.each([null, 'x', [null, 1, []], [{ key: {}, value: [] }], { key: 'priority' }])('survives the pairs %j', (pairs) => {
    expect(read(coralogix, told({}, pairs))).toMatchObject([{ sourceAlertId: 'a-1', severity: 'medium' }]);
  });

  it('takes no variable that was left as it is for a value', () => {
    const pairs = [{ key: 'subsystem', value: '*insert desired subsystem name*' }, { key: 'application', value: 'null' }];
    expect(read(coralogix, told({}, pairs))).toMatchObject([{ service: null }]);
  });
}); // prettier-ignore

describe('Falco', () => {
  const told = (more: object = {}) => ({
    output: 'A shell was opened', priority: 'Notice', rule: 'Terminal shell', hostname: 'node-1', tags: ['container', 'shell'],
    output_fields: { 'container.id': 'abc', 'container.name': 'cart', 'k8s.ns.name': '<NA>', 'proc.tty': 34816 }, ...more,
  });

  it('knows an alert by rule and host', () => {
    expect(read(falco, told())).toEqual([
      {
        state: 'firing', sourceAlertId: 'Terminal shell:node-1', title: 'Terminal shell', description: 'A shell was opened',
        severity: 'low', service: 'cart', environment: null, tags: { container: 'true', shell: 'true' },
        metadata: { hostname: 'node-1', priority: 'Notice', 'container.id': 'abc', 'container.name': 'cart', 'proc.tty': '34816' },
      },
    ]);
  });

  it.each([
    ['Emergency', 'critical'], ['Alert', 'critical'], ['Critical', 'critical'], ['Error', 'high'], ['Warning', 'medium'],
    ['Informational', 'info'], ['Debug', 'info'], ['toString', 'medium'], [7, 'medium'],
  ])('maps the priority %s to %s', (priority, severity) => {
    expect(read(falco, told({ priority }))).toMatchObject([{ severity }]);
  });

  it('takes the host for the service outside of containers, and no tag without a value', () => {
    expect(read(falco, told({ output_fields: { 'container.id': 'host', 'container.name': 'host' } }))).toMatchObject([{ service: 'node-1' }]);
    expect(read(falco, told({ output_fields: null, hostname: null }))).toMatchObject([{ sourceAlertId: 'Terminal shell', service: null }]);
  });
}); // prettier-ignore

describe('Flux', () => {
  const told = (severity: string, reason: string, more: object = {}) => ({
    involvedObject: { kind: 'Kustomization', namespace: 'apps', name: 'webapp', uid: 'u-1' },
    metadata: { 'kustomize.toolkit.fluxcd.io/revision': 'main/731f7ea', env: 'live' },
    severity, reason, message: 'no matches for kind', ...more,
  });

  it('knows an alert by its object', () => {
    expect(read(flux, told('error', 'ValidationFailed'))).toEqual([
      {
        state: 'firing', sourceAlertId: 'u-1', title: 'ValidationFailed: Kustomization apps/webapp', description: 'no matches for kind',
        severity: 'high', service: 'webapp', environment: 'live',
        tags: { 'kustomize.toolkit.fluxcd.io/revision': 'main/731f7ea', env: 'live' },
        metadata: { kind: 'Kustomization', namespace: 'apps', name: 'webapp', reason: 'ValidationFailed' },
      },
    ]);
    const bare = told('error', 'BuildFailed', { involvedObject: { kind: 'HelmRelease', name: 'webapp' } });
    expect(read(flux, bare)).toMatchObject([{ sourceAlertId: 'HelmRelease webapp' }]);
  });

  it.each([
    ['ReconciliationSucceeded', 'resolved'], ['UpgradeSucceeded', 'resolved'], ['Succeeded', 'resolved'], ['NewArtifact', 'resolved'],
    ['Progressing', undefined], ['DependencyNotReady', undefined], ['RollbackSucceeded', undefined], ['GarbageCollectionSucceeded', undefined],
    ['constructor', undefined],
  ])('of the severity info and with the reason %s it means %s', (reason, state) => {
    expect(read(flux, told('info', reason))[0]?.state).toBe(state);
  });

  it('is signed with any of the algorithms that it knows, over the raw body', () => {
    const raw = Buffer.from('{"a": 1}');
    const verify = (header: unknown, signingSecret = 'sesame') =>
      flux.webhooks?.verify({ config: {}, credentials: { signingSecret } }, { headers: { 'x-signature': header as string }, raw }, new Date(0));
    for (const algorithm of ['sha224', 'sha256', 'sha384', 'sha512']) {
      const hex = createHmac(algorithm, 'sesame').update(raw).digest('hex');
      expect(verify(`${algorithm}=${hex}`)).toBe(true);
      expect(verify(`sha1=${hex}`)).toBe(false);
      expect(verify(hex)).toBe(false);
      expect(verify(`${algorithm}=${hex}`, 'other')).toBe(false);
    }
    const sha1 = createHmac('sha1', 'sesame').update(raw).digest('hex');
    for (const header of [undefined, '', 'sha256=', ['sha256='], `sha1=${sha1}`, `sha256=${sha1}`]) expect(verify(header)).toBe(false);
    expect(flux.webhooks?.verify({ config: {}, credentials: {} }, { headers: {}, raw }, new Date(0))).toBeUndefined();
  });
}); // prettier-ignore

describe('Graylog', () => {
  const told = (event: object = {}) => ({
    event_definition_id: 'd-1', event_definition_title: 'Many errors',
    event: { id: 'e-1', message: 'Many errors: 12', priority: 3, key: '', key_tuple: [], source: 'graylog-1', fields: {}, group_by_fields: {}, ...event },
    backlog: [],
  });

  it('knows an alert by event definition and key, not by the id of the event', () => {
    expect(read(graylog, told())).toEqual([
      {
        state: 'firing', sourceAlertId: 'd-1', title: 'Many errors', description: 'Many errors: 12', severity: 'high', service: null,
        environment: null, tags: {}, metadata: { id: 'e-1', source: 'graylog-1' },
      },
    ]);
    expect(read(graylog, told({ key: 'cart', group_by_fields: { service: 'cart' }, fields: { env: 'live' } }))).toMatchObject([
      { sourceAlertId: 'd-1:cart', service: 'cart', environment: 'live' },
    ]);
  });

  it.each([[1, 'low'], [2, 'medium'], [4, 'critical'], ['constructor', 'medium'], [null, 'medium']])('maps the priority %s to %s', (priority, severity) => {
    expect(read(graylog, told({ priority }))).toMatchObject([{ severity }]);
  });
}); // prettier-ignore

const BODIES: [source: Provider, body: object][] = [
  [coralogix, { alert_id: 'a', name: 'n', alert_action: 'resolve', fields: [{ key: 'metaLabels', value: 'env:live' }] }],
  [falco, { rule: 'r', hostname: 'h', priority: 'Alert', tags: ['t'], output_fields: { 'container.name': 'c' } }],
  [flux, { involvedObject: { kind: 'k', name: 'n', uid: 'u' }, metadata: { env: 'live' }, severity: 'info', reason: 'Succeeded' }],
  [graylog, { event_definition_id: 'd', event: { key: 'k', priority: 2, fields: { env: 'live' }, group_by_fields: {} } }],
]; // prettier-ignore

it.each(BODIES)('$provider reads mutations of a body without an error', (source, body) => {
  expect(read(source, body)).toHaveLength(1);
  for (const odd of mutationsOf(body))
    for (const { sourceAlertId } of read(source, odd)) expect(sourceAlertId).toMatch(/\S/);
});

it.each([coralogix, falco, flux, graylog])('$provider yields no alert for malformed bodies', (source) => {
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;
  for (const odd of [{}, [], { event: null, fields: [], alert: 1 }, { rule: ' ', involvedObject: 'x' }, { event: deep, fields: deep }])
    expect(read(source, odd)).toEqual([]);
}); // prettier-ignore
