import { describe, expect, it } from '@jest/globals';
import { datadog } from './datadog.js';

const read = (body: object) => datadog.webhooks?.notices(body) ?? [];

const told = (more: object = {}) => ({
  alert_id: '4711',
  alert_cycle_key: '8812093',
  alert_transition: 'Triggered',
  alert_priority: 'P2',
  alert_type: 'error',
  alert_scope: 'host:web-1,service:checkout',
  title: '[P2] [Triggered on {host:web-1,service:checkout}] Checkout is slow',
  body: 'p95 is above 2 s',
  tags: 'env:production,monitor,team:payments',
  link: 'https://app.datadoghq.com/event/event?id=9',
  hostname: '$HOSTNAME',
  ...more,
});

describe('Datadog', () => {
  it('maps the variables of the template', () => {
    expect(read(told())).toEqual([
      {
        state: 'firing',
        sourceAlertId: '8812093',
        title: 'Checkout is slow',
        description: 'p95 is above 2 s',
        severity: 'high',
        service: 'checkout',
        environment: 'production',
        tags: { host: 'web-1', service: 'checkout', env: 'production', monitor: 'true', team: 'payments' },
        metadata: { link: 'https://app.datadoghq.com/event/event?id=9' },
      },
    ]);
  });

  it.each([
    ['Triggered', 'firing'], ['Re-Triggered', 'firing'], ['Warn', 'firing'], ['Re-Warn', 'firing'], ['No Data', 'firing'],
    ['Re-No Data', 'firing'], ['Renotify', 'firing'], ['Recovered', 'resolved'], ['Muted', undefined],
  ])('%s means %s', (transition, state) => {
    expect(read(told({ alert_transition: transition }))[0]?.state).toBe(state);
  }); // prettier-ignore

  it('has the same id in trigger and recovery, whichever variables identify the alert', () => {
    const templates = [
      { alert_cycle_key: 'c', alert_id: '1' },
      { alert_id: '1', alert_scope: 'host:a' },
      { alert_id: '1', alert_scope: '*' },
      { aggreg_key: 'k' },
      { body: 'See https://app.datadoghq.com/monitors/1?group=host%3Aa&from_ts=5' },
      {},
    ];
    const idOf = (template: object, prefix: string, id: string) =>
      read({ ...template, id, event_id: id, title: `[${prefix} on {host:a}] Disk is full` })[0];
    for (const template of templates) {
      const fired = idOf(template, 'Triggered', '100');
      const over = idOf(template, 'Recovered', '200');
      expect([fired?.state, over?.state]).toEqual(['firing', 'resolved']);
      expect(over?.sourceAlertId).toBe(fired?.sourceAlertId);
    }
    const ids = templates.slice(1).map((template) => idOf(template, 'Triggered', '1')?.sourceAlertId);
    expect(ids).toEqual(['1:host:a', '1', 'k', '1:host:a', 'Disk is full:host:a']);
  });

  it('keeps the groups of a monitor apart', () => {
    const ids = ['host:a', 'host:b'].map(
      (scope) => read(told({ alert_cycle_key: '', alert_scope: scope }))[0]?.sourceAlertId,
    );
    expect(ids).toEqual(['4711:host:a', '4711:host:b']);
  });

  it('keeps the groups apart that only the title names', () => {
    const inTitle = (more: object, group: string) =>
      read({ ...more, alert_transition: 'Triggered', title: `[Triggered on {${group}}] Disk is full` })[0];
    for (const [more, known] of [[{ alert_id: '1' }, '1'], [{}, 'Disk is full']] as const) {
      expect(inTitle(more, 'host:a')?.sourceAlertId).toBe(`${known}:host:a`);
      expect(inTitle(more, 'host:b')?.sourceAlertId).toBe(`${known}:host:b`);
    }
    expect(inTitle({ alert_scope: '*' }, 'host:a')).toMatchObject({ sourceAlertId: 'Disk is full', tags: {} });
    expect(inTitle({}, 'service:checkout,env:live')).toMatchObject({ service: 'checkout', environment: 'live' });
  }); // prettier-ignore

  it.each([
    [{ AlertID: '7', ALERT_TRANSITION: 'Triggered', ALERT_TITLE: '[Triggered] Slow' }],
    [{ alertId: '7', transition: 'Triggered', alertTitle: 'Slow' }],
    [{ alert: { id: '7', transition: 'Triggered', title: 'Slow' }, org: { id: '2', name: 'acme' } }],
    [{ title: '[Triggered] Slow', metadata: { ALERT_ID: '7', ALERT_TRANSITION: 'Triggered' } }],
  ])('reads the template %j', (body) => {
    expect(read(body)).toMatchObject([{ state: 'firing', sourceAlertId: '7', title: 'Slow' }]);
  });

  it('reads the default payload', () => {
    const body = {
      id: '3089904566766935419',
      title: '[Triggered on {host:i-1}] Out of memory',
      body: '%%%\nRestart it. [[Monitor Status](https://app.datadoghq.com/monitors#309811?to_ts=1&group=host%3Ai-1)]\n%%%',
      event_type: 'metric_alert_monitor',
    };
    expect(read(body)).toMatchObject([
      {
        state: 'firing',
        sourceAlertId: '309811:host:i-1',
        title: 'Out of memory',
        description: expect.stringMatching(/^Restart it\..*\)\]$/) as unknown,
        severity: 'medium',
      },
    ]);
  });

  it.each([
    [{ alert_priority: 'P1' }, 'critical'], [{ alert_priority: 'P5' }, 'info'], [{ alert_priority: '$ALERT_PRIORITY' }, 'high'],
    [{ alert_priority: null, alert_type: 'warning' }, 'medium'], [{ alert_priority: '', alert_transition: 'Warn' }, 'medium'],
    [{ alert_priority: '', priority: 'low' }, 'high'], [{ alert_priority: '', priority: 'P4' }, 'low'],
  ])('%j is %s', (more, severity) => {
    expect(read(told(more))[0]?.severity).toBe(severity);
  }); // prettier-ignore

  it('accepts tags as a list', () => {
    expect(read(told({ tags: ['env:staging', 7, null, { a: 1 }, ':x', 'url:https://a'] }))[0]?.tags).toEqual({
      env: 'staging', url: 'https://a', host: 'web-1', service: 'checkout',
    });
  }); // prettier-ignore

  it('yields no alert without a state or an id', () => {
    expect(read({})).toEqual([]);
    expect(read([])).toEqual([]);
    expect(read({ title: 'Deployed checkout', alert_type: 'info' })).toEqual([]);
    expect(read({ alert_transition: 'Triggered' })).toEqual([]);
    expect(
      read({ alert: null, tags: { a: [1] }, title: ['x'], alert_transition: { a: 'Triggered' } }),
    ).toEqual([]);
    expect(read(told({ alert_transition: 'constructor' }))).toEqual([]);
  });

  it('parses bodies that would make a careless regular expression backtrack', () => {
    const long = ' '.repeat(500_000);
    const body = told({ alert_cycle_key: null, alert_id: null, title: `[Triggered${long}`, body: `%%%${long}x /monitors#1?${'group'.repeat(100_000)}` });
    expect(read({ ...body, tags: `a:${long},${':'.repeat(100_000)}` })).toHaveLength(1);
  }); // prettier-ignore
});
