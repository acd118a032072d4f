import { describe, expect, it } from '@jest/globals';
import { alertKind } from './alert-kind.js';

const alert = (title: string, tags: Record<string, string> = {}, service: string | null = 'checkout') =>
  alertKind({ title, service, tags });

describe('The kind of an alert', () => {
  it('does not depend on the measured values', () => {
    const first = alert('p99 of checkout at 1250 ms for 5 minutes');
    expect(first).toEqual(alert('p99 of checkout at 980 ms for 15 minutes'));
    expect(first).not.toEqual(alert('Error rate of checkout at 12 %'));
  });

  it('takes the rule and the entity from labels when there are any', () => {
    const tags = { alertname: 'HighLatency', pod: 'checkout-7d9fbc6d8-x2x9l' };
    expect(alert('anything', tags, null)).toEqual({
      entity: 'checkout',
      signal: 'HighLatency',
      about: 'metric',
    });
  });

  it('truncates long names between code points', () => {
    const names = { alertname: `${'x'.repeat(199)}🔥`, host: `${'y'.repeat(511)}🔥` };
    expect(alert('anything', names, null)).toMatchObject({
      entity: 'y'.repeat(511),
      signal: 'x'.repeat(199),
    });
  });

  it('is undefined for an alert that names no entity, also with labels named like Object.prototype properties', () => {
    expect(alert('Something is wrong', {}, null)).toBeUndefined();
    expect(alert('Something is wrong', { constructor: 'x' }, null)).toBeUndefined();
  });

  it.each([
    [
      'labels of a mesh',
      'Slow',
      { source_workload: 'cart-5b8f7c9d4-abcde', destination_workload: 'payment' },
    ],
    ['labels of a service graph', 'Slow', { client: 'cart', server: 'payment' }],
    ['its service and a peer', 'Slow', { service: 'cart', peer_service: 'payment' }],
    ['a sentence', 'Requests from cart to payment are slow', {}],
  ])('is about a call and its callee when %s names both sides', (_, title, tags) => {
    expect(alert(title, tags, null)).toMatchObject({ about: 'trace', entity: 'payment', caller: 'cart' });
  });

  it.each([
    ['ErrorLogLinesHigh', 'anything'],
    ['Errors', 'New exceptions in the logs of checkout'],
    ['Errors', 'checkout logged “connection refused” 40 times'],
  ])('is about log messages for %s: %s', (alertname, title) => {
    expect(alert(title, { alertname })).toMatchObject({ about: 'log', signal: alertname });
  });

  it('is about a metric otherwise', () => {
    for (const [title, tags] of [
      ['Transaction log of checkout at 95 % of its disk', {}],
      ['Moved from blue to green', {}],
      ['Requests from 100 to 300 per second', {}],
      ['OK -> ALARM', {}],
      ['Logins of checkout are slow', {}],
      ['Slow', { source_workload: 'unknown', destination_workload: 'payment' }],
      ['Slow', { client: 'cart' }],
    ] as const)
      expect(alert(title, tags)).toMatchObject({ about: 'metric', entity: 'checkout' });
  });
});
