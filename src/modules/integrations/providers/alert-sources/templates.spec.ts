import { describe, expect, it } from '@jest/globals';
import type { Provider } from '../provider.js';
import { dynatrace } from './dynatrace.js';
import { kibana } from './kibana.js';
import { variablesOf } from './template-variables.js';
import { zabbix } from './zabbix.js';

it('the names of variables are bounded: a long one is not copied to each of those nested in it', () => {
  const inner = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`name${n}`, n]));
  const body = { ['x'.repeat(100_000)]: inner, ['y'.repeat(100_000)]: 'text', alert: { id: 7 } };
  const variables = variablesOf(body);
  expect(Object.keys(variables).join('').length).toBeLessThan(2 * JSON.stringify(body).length);
  expect(variables).toMatchObject({ alertid: '7', name199: '199' });
});

it.each([
  '$ALERT_TITLE',
  '{EVENT.NAME}',
  '*UNKNOWN*',
  '*monitorFriendlyName*',
  '*insert the title*',
  'null',
  ' ',
])('%p is no value of a variable', (title) => {
  expect(variablesOf({ title, id: 1 })).toEqual({ id: '1' });
});

it.each(['*Down*', '*alert*', '*CRITICAL*', '**', 'nullable'])('%p is a value of a variable', (title) => {
  expect(variablesOf({ title })).toEqual({ title });
});

const read = (source: Provider, body: object) => source.webhooks?.notices(body) ?? [];

describe('Zabbix', () => {
  const told = (more: object = {}) => ({
    event_id: '10528',
    event_value: '1',
    event_update_status: '0',
    event_name: 'Disk is full',
    event_nseverity: '4',
    event_tags:
      '[{"tag":"service","value":"checkout"},{"tag":"env","value":"live"},{"tag":"vip","value":""},null]',
    host_name: 'db-1',
    trigger_id: '14032',
    alert_message: 'Less than 1 % is left',
    ...more,
  });

  it('maps the macros of the media type', () => {
    expect(read(zabbix, told())).toEqual([
      {
        state: 'firing',
        sourceAlertId: '14032:10528',
        title: 'Disk is full',
        description: 'Less than 1 % is left',
        severity: 'high',
        service: 'checkout',
        environment: 'live',
        tags: { service: 'checkout', env: 'live', vip: 'true' },
        metadata: { hostname: 'db-1', triggerid: '14032' },
      },
    ]);
  });

  it('tells the same event id of two servers apart', () => {
    expect(read(zabbix, told({ trigger_id: '20117' }))[0]?.sourceAlertId).not.toBe(read(zabbix, told())[0]?.sourceAlertId);
  }); // prettier-ignore

  it('resolves by the same event id and ignores updates', () => {
    expect(read(zabbix, told({ event_value: '0' }))).toMatchObject([{ state: 'resolved', sourceAlertId: '14032:10528' }]);
    expect(read(zabbix, told({ event_update_status: '1' }))).toEqual([]);
  }); // prettier-ignore

  it.each([
    ['0', 'info'], ['1', 'info'], ['2', 'low'], ['3', 'medium'], ['4', 'high'], ['5', 'critical'], ['Not classified', 'info'],
    ['Warning', 'low'], ['Disaster', 'critical'], ['toString', 'medium'], ['{EVENT.NSEVERITY}', 'medium'],
  ])('maps the severity %s to %s', (word, severity) => {
    expect(read(zabbix, told({ event_nseverity: word }))[0]?.severity).toBe(severity);
  }); // prettier-ignore

  it('reads other templates: event id in the link, or only a trigger id', () => {
    const old = (status: string, more: object) => ({ status, trigger: 'Disk', hostname: 'db-1', severity: 'Average', ...more });
    const link = 'https://zabbix/tr_events.php?triggerid=14032&eventid=10528';
    for (const [more, id] of [[{ link }, '14032:10528'], [{ event_id: '9' }, '9'], [{ link: 'https://zabbix/?triggerid=14032' }, '14032:db-1'], [{ trigger: { id: '7', name: 'Disk' } }, '7:db-1']] as const) {
      expect(read(zabbix, old('PROBLEM', more))).toMatchObject([{ state: 'firing', sourceAlertId: id, title: 'Disk', severity: 'medium', service: 'db-1' }]);
      expect(read(zabbix, old('RESOLVED', more))).toMatchObject([{ state: 'resolved', sourceAlertId: id }]);
    }
  }); // prettier-ignore

  it.each([
    [[{ tag: 'env', value: 'live' }], { env: 'live' }], ['env:live, vip', { env: 'live', vip: 'true' }], ['[{"tag":', {}], ['[1,"a"]', {}],
    [{ env: 'live' }, {}], ['', {}],
  ])('reads the tags %j leniently', (event_tags, tags) => {
    expect(read(zabbix, told({ event_tags }))).toMatchObject([{ sourceAlertId: '14032:10528' }]);
    expect(read(zabbix, told({ event_tags }))[0]?.tags).toEqual(tags);
  }); // prettier-ignore
});

describe('Dynatrace', () => {
  const told = (more: object = {}) => ({
    State: 'OPEN',
    PID: '-9087_V2',
    ProblemID: 'P-12',
    ProblemTitle: 'Failure rate increase',
    ProblemSeverity: 'ERROR',
    ProblemURL: 'https://acme.live.dynatrace.com/p',
    ProblemDetailsText: '{ProblemDetailsText}',
    Tags: 'env:live, vip',
    ImpactedEntities: [
      { type: 'HOST', name: 'web-1', entity: 'HOST-1' },
      { type: 'SERVICE', name: 'checkout', entity: 'SERVICE-1' },
    ],
    ...more,
  });

  it('maps a problem, plain or as a CloudEvent', () => {
    const notice = {
      state: 'firing',
      sourceAlertId: '-9087_V2',
      title: 'Failure rate increase',
      description: 'Failure rate increase',
      severity: 'high',
      service: 'checkout',
      environment: 'live',
      tags: { env: 'live', vip: 'true' },
    };
    expect(read(dynatrace, told())).toMatchObject([notice]);
    const event = { specversion: '1.0', id: 'e', type: 'x', data: told() };
    expect(read(dynatrace, event)).toMatchObject([notice]);
  });

  it('resolves by the same id, with a minimal template too', () => {
    expect(read(dynatrace, told({ State: 'RESOLVED' }))).toMatchObject([
      { state: 'resolved', sourceAlertId: '-9087_V2' },
    ]);
    const short = (State: string) => read(dynatrace, { State, ProblemID: 'P-12', ProblemTitle: 'Slow' })[0];
    expect([short('OPEN')?.state, short('RESOLVED')?.state, short('MERGED')]).toEqual(['firing', 'resolved', undefined]); // prettier-ignore
    expect(short('RESOLVED')?.sourceAlertId).toBe(short('OPEN')?.sourceAlertId);
  });

  it.each([
    ['AVAILABILITY', 'critical'], ['PERFORMANCE', 'medium'], ['RESOURCE_CONTENTION', 'medium'], ['INFO', 'info'],
    ['__proto__', 'medium'], ['{ProblemSeverity}', 'medium'],
  ])('maps the severity %s to %s', (word, severity) => {
    expect(read(dynatrace, told({ ProblemSeverity: word }))[0]?.severity).toBe(severity);
  }); // prettier-ignore

  it('prefers the service tag to the impacted entities', () => {
    expect(read(dynatrace, told({ Tags: 'service:cart' }))[0]?.service).toBe('cart');
    expect(read(dynatrace, told({ ImpactedEntities: [{ type: 'HOST', name: 'web-1' }] }))[0]?.service).toBe('web-1'); // prettier-ignore
    expect(read(dynatrace, told({ ImpactedEntities: [null, 7, {}] }))[0]?.service).toBeNull();
  });
});

describe('Kibana', () => {
  const told = (more: object = {}) => ({
    rule: { id: 'r-1', name: 'Errors', tags: 'service:checkout,env:live', url: 'https://kibana/r-1' },
    alert: { id: 'web-1', actionGroup: 'threshold met' },
    severity: 'critical',
    reason: '12 errors',
    ...more,
  });

  it('identifies an alert by rule and group', () => {
    expect(read(kibana, told())).toMatchObject([
      {
        state: 'firing',
        sourceAlertId: 'r-1:web-1',
        title: 'Errors',
        description: '12 errors',
        severity: 'critical',
        service: 'checkout',
        environment: 'live',
      },
    ]);
  });

  it('resolves on the recovery action', () => {
    const alert = { id: 'web-1', actionGroup: 'recovered' };
    expect(read(kibana, told({ alert }))).toMatchObject([{ state: 'resolved', sourceAlertId: 'r-1:web-1' }]);
    const flat = { ruleId: 'r-1', alertId: 'web-1', alertActionGroup: 'recovered' };
    expect(read(kibana, flat)).toMatchObject([{ state: 'resolved', sourceAlertId: 'r-1:web-1' }]);
  });

  it('tells two rules apart whose alerts have the same id, in a flat template too', () => {
    const flat = (rule: string) => read(kibana, { rule, alert_id: 'query matched', status: 'active' });
    expect(flat('Errors')).toMatchObject([{ sourceAlertId: 'Errors:query matched', title: 'Errors' }]);
    expect(flat('Latency')).toMatchObject([{ sourceAlertId: 'Latency:query matched', title: 'Latency' }]);
  });

  it('reads a body with only a message', () => {
    expect(read(kibana, { message: 'Too many errors' })).toMatchObject([
      { state: 'firing', sourceAlertId: 'Too many errors', title: 'Too many errors', severity: 'medium' },
    ]);
  });
});
