import { describe, expect, it } from '@jest/globals';
import { Refusal } from '#kernel/domain/errors';
import { generic } from './generic.js';
import type { GenericConfig } from './generic-config.js';
import { mutationsOf } from './mutations.fixture.js';

const read = (body: unknown, config?: GenericConfig) => generic.webhooks?.notices(body, config) ?? [];

describe('a body of a tool that is not in the catalogue', () => {
  it('is read by the usual names of its fields', () => {
    expect(
      read({
        alert_uid: 'u-1', title: 'Disk is full', state: 'alerting', message: 'Less than 1 % is left', severity: 'WARN',
        service: 'checkout', env: 'live', link: 'https://tool/1', tags: ['vip', 'team:shop'],
      }),
    ).toEqual([
      {
        state: 'firing', sourceAlertId: 'u-1', title: 'Disk is full', description: 'Less than 1 % is left', severity: 'medium',
        service: 'checkout', environment: 'live', tags: { vip: 'true', team: 'shop' },
        metadata: { alert_uid: 'u-1', state: 'alerting', severity: 'WARN', service: 'checkout', env: 'live', link: 'https://tool/1' },
      },
    ]);
  }); // prettier-ignore

  it.each([
    ['camel case', { alertId: 7, alertName: 'Slow', currentState: 'CLOSED', servicename: 'cart' }, { sourceAlertId: '7', title: 'Slow', state: 'resolved', service: 'cart' }],
    ['an object around it', { event: 'alert.resolved', data: { id: 'a', name: 'Slow', priority: 2 } }, { sourceAlertId: 'a', title: 'Slow', state: 'resolved', severity: 'high' }],
    ['two objects around it', { event: { id: 'e-1', event_type: 'incident.closed', data: { id: 'i-1', title: 'Slow', priority: { summary: 'P1' }, service: { summary: 'cart' } } } }, { sourceAlertId: 'i-1', title: 'Slow', state: 'resolved', severity: 'critical', service: 'cart' }],
    ['an id of the message beside that of the alert', { id: 'e-1', type: 'alert.opened', data: { id: 'a-1', type: 'http', name: 'Slow' } }, { sourceAlertId: 'a-1', title: 'Slow', state: 'firing' }],
    ['objects of its own', { id: 'm-1', monitor: { id: 3, name: 'Slow' }, service: { name: 'cart' } }, { sourceAlertId: '3', title: 'Slow', service: 'cart' }],
    ['labels', { fingerprint: 'f', status: 'firing', labels: { alertname: 'Slow', severity: 'page', app: 'cart', env: 'live' }, annotations: { description: 'too slow' } }, { sourceAlertId: 'f', title: 'Slow', severity: 'critical', service: 'cart', environment: 'live', description: 'too slow' }],
    ['pairs', { id: 1, title: 'Slow', tags: [{ key: 'service', value: 'cart' }, null, { key: 'x' }] }, { service: 'cart', tags: { service: 'cart' } }],
    ['a host', { id: 1, title: 'Slow', host: 'web-1' }, { service: 'web-1' }],
    ['a flag', { id: 1, title: 'Slow', resolved: true }, { state: 'resolved' }],
    ['a message alone', { message: 'Slow' }, { state: 'firing', title: 'Slow', severity: 'medium', service: null }],
    ['an end without a title', { dedup_key: 'd', event_action: 'resolve' }, { state: 'resolved', sourceAlertId: 'd', title: '' }],
    ['an id of the message beside that in its payload', { id: 'e-1', payload: { id: 'a-1', name: 'Slow' } }, { sourceAlertId: 'a-1', title: 'Slow' }],
    ['a title in asterisks', { id: 'a', title: '*Down*' }, { title: '*Down*' }],
    ['a variable that was not substituted', { id: 'a', title: 'Slow', service: '$SERVICE' }, { service: null }],
  ])('may have %s', (_, body, notice) => {
    expect(read(body)).toMatchObject([notice]);
  }); // prettier-ignore

  it.each([
    undefined,
    '',
    'FIRING',
    'unheard of',
    'not ok',
    'no longer normal',
    'unresolved',
    'un-resolved',
    'non-OK',
    'failed to resolve',
    'cannot recover',
    'never recovered',
    'above normal',
    'partially recovered',
    'in recovery',
    'constructor',
    0,
    null,
    {},
  ])('fires in the state %p', (state) => {
    expect(read({ id: 'a', title: 'Slow', state })).toMatchObject([{ state: 'firing' }]);
  });

  it.each([
    'Resolved',
    'OK',
    'ok ',
    'recovery',
    'alert.closed',
    'canceled',
    'online',
    'ResolvedCritical',
    'POLICY_CLOSE_WARNING',
    'ALARM_CLEARED',
    'AlertResolved',
    'up',
  ])('is over in the state %p', (state) => {
    expect(read({ id: 'a', title: 'Slow', state })).toMatchObject([{ state: 'resolved' }]);
  });

  it.each(['ConnectionClosedError', 'up to critical', 'not resolved critical', 'Critical', 'Warning'])(
    'fires in the state %p, too',
    (state) => {
      expect(read({ id: 'a', title: 'Slow', state })).toMatchObject([{ state: 'firing' }]);
    },
  );

  it('is over in the severity ok or clear, unless it names a state', () => {
    expect(read({ id: 'a', message: 'Fast', level: 'OK' })).toMatchObject([{ state: 'resolved' }]);
    for (const severity of ['clear', 'Recovery'])
      expect(read({ id: 'a', message: 'Fast', severity })).toMatchObject([{ state: 'resolved' }]);
    expect(read({ id: 'a', message: 'Slow', severity: 'normal' })).toMatchObject([{ state: 'firing' }]);
    expect(read({ id: 'a', message: 'Slow', severity: 'ok', state: 'alerting' })).toMatchObject([
      { state: 'firing' },
    ]);
  });

  it.each([
    ['urgent', 'critical'], ['SEV1', 'critical'], ['sev-2', 'high'], ['1', 'critical'], [3, 'medium'], ['Normal', 'medium'], [9, 'medium'],
    ['lowest', 'low'], ['verbose', 'info'], ['toString', 'medium'], [{}, 'medium'],
  ])('has of the severity %p the severity %s', (severity, expected) => {
    expect(read({ id: 'a', title: 'Slow', severity })).toMatchObject([{ severity: expected }]);
  }); // prettier-ignore

  it('without an id is known by title and service, whatever else it says', () => {
    const id = (more: object) => read({ title: 'Slow', service: 'cart', ...more })[0]?.sourceAlertId;
    expect(id({ state: 'ok', message: 'again fast', time: 2 })).toBe(id({ state: 'alerting', time: 1 }));
    expect(id({ service: 'checkout' })).not.toBe(id({}));
    expect(id({ title: 'Down' })).not.toBe(id({}));
  });

  it('may have several alerts', () => {
    const alerts = [
      { id: 'a', title: 'A' },
      { id: 'b', title: 'B', status: 'resolved' },
    ];
    for (const body of [alerts, { alerts }])
      expect(read(body)).toMatchObject([
        { sourceAlertId: 'a', state: 'firing' },
        { sourceAlertId: 'b', state: 'resolved' },
      ]);
    expect(read({ id: 'g', title: 'Group', alerts: ['a', 'b'] })).toMatchObject([{ sourceAlertId: 'g' }]);
    expect(read([])).toEqual([]);
  });
});

describe('a body of a tool whose fields are configured', () => {
  const config: GenericConfig = {
    list: 'result.entries',
    fields: {
      sourceAlertId: 'check.key',
      title: 'check.labels.app.kubernetes.io/name',
      description: 'lines.1',
      state: 'check.value',
      severity: 'check.rank',
      service: 'owner.team',
      environment: 'check.where',
    },
    resolvedValues: ['0', 'Fine'],
  };
  const entry = (value: unknown, more: object = {}) => ({
    check: {
      key: `k-${String(value)}`,
      labels: { 'app.kubernetes.io/name': 'cart' },
      value,
      rank: 'P1',
      where: 'live',
    },
    lines: ['first', 'second'],
    owner: { team: 'shop' },
    ...more,
  });
  const body = (...entries: unknown[]) => ({ result: { entries } });

  it('is read by dotted paths, one notice for each alert of the list', () => {
    expect(read(body(entry(1), entry(0), entry('fine '), entry('ok')), config)).toMatchObject([
      { state: 'firing', sourceAlertId: 'k-1', title: 'cart', description: 'second', severity: 'critical', service: 'shop', environment: 'live' },
      { state: 'resolved', sourceAlertId: 'k-0' },
      { state: 'resolved', sourceAlertId: 'k-fine ' },
      { state: 'firing', sourceAlertId: 'k-ok' },
    ]);
  }); // prettier-ignore

  it('is read by the usual names where a path leads to nothing', () => {
    const other = { id: 'x', title: 'Slow', check: { key: { a: 1 }, labels: [] } };
    expect(read(body(other), config)).toMatchObject([{ sourceAlertId: 'x', title: 'Slow', state: 'firing' }]);
  });

  it('is refused when the list is none, or nothing in it can be read', () => {
    expect(() => read({ result: {} }, config)).toThrow('result.entries must be a list');
    expect(() => read(body(1, 'x', null, {}), config)).toThrow('title was not found');
    expect(read(body(null, entry(1)), config)).toMatchObject([{ sourceAlertId: 'k-1' }]);
    expect(read(body(), config)).toEqual([]);
  });

  it('does not lead to inherited properties', () => {
    for (const path of ['__proto__.constructor.name', 'constructor.name', 'title.length', 'toString.name'])
      expect(read({ title: 'Slow', id: 'a' }, { fields: { sourceAlertId: path } })).toMatchObject([
        { sourceAlertId: 'a' },
      ]);
    const own = JSON.parse('{"__proto__": {"id": "own", "polluted": "yes"}, "title": "Slow"}') as unknown;
    expect(read(own, { fields: { sourceAlertId: '__proto__.id' } })).toMatchObject([
      { sourceAlertId: 'own' },
    ]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('a hostile body', () => {
  const deep = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) as unknown;

  it('is refused when nobody could tell what it is about', () => {
    for (const odd of [{}, { foo: 1 }, { title: '' }, { title: ' ', id: ' ' }, { title: { id: 1 } }, { id: deep }, [1], [[]]])
      expect(() => read(odd)).toThrow('title was not found');
  }); // prettier-ignore

  it('is read around values of another kind and of any depth', () => {
    const odd = {
      id: 'a',
      title: 'Slow',
      labels: deep,
      tags: deep,
      alert: deep,
      severity: deep,
      state: deep,
    };
    expect(read(odd)).toMatchObject([{ sourceAlertId: 'a', state: 'firing', severity: 'medium', tags: {} }]);
    const path = Array.from({ length: 10 }, () => '0').join('.');
    expect(read({ ...odd, x: deep }, { fields: { title: `x.${path.slice(2)}` } })).toHaveLength(1);
  });

  it('yields alerts or is refused, whatever stands where', () => {
    const alert = {
      id: 'a',
      status: 'ok',
      labels: { severity: 'P1' },
      tags: [{ key: 'service', value: 'cart' }],
    };
    const config = {
      list: 'alerts',
      fields: { title: 'data.names.0', state: 'status' },
      resolvedValues: ['ok'],
    };
    const body = { alerts: [{ ...alert, data: { names: ['Slow'] } }] };
    expect(read(body, config)).toMatchObject([{ sourceAlertId: 'a', title: 'Slow', state: 'resolved' }]);
    for (const odd of mutationsOf(body))
      for (const given of [config, undefined])
        try {
          for (const { sourceAlertId } of read(odd, given)) expect(sourceAlertId).toMatch(/\S/);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
  });

  it('has a limited number of alerts', () => {
    expect(() => read(Array.from({ length: 10_001 }, (_, id) => ({ id })))).toThrow('at most 10000 entries');
  });
});
