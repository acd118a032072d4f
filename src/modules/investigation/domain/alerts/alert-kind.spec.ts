import { describe, expect, it } from '@jest/globals';
import { alertKind } from './alert-kind.js';

const alert = (title: string, tags: Record<string, string> = {}, service: string | null = 'checkout') =>
  alertKind({ title, service, tags });

describe('The kind of an alert', () => {
  it('is the same whatever was measured at the moment', () => {
    const first = alert('p99 of checkout at 1250 ms for 5 minutes');
    expect(first).toEqual(alert('p99 of checkout at 980 ms for 15 minutes'));
    expect(first).not.toEqual(alert('Error rate of checkout at 12 %'));
  });

  it('is that of the rule where a label names it, and of the service where a label names that', () => {
    const tags = { alertname: 'HighLatency', pod: 'checkout-7d9fbc6d8-x2x9l' };
    expect(alert('anything', tags, null)).toEqual({ entity: 'checkout', signal: 'HighLatency' });
  });

  it('is none of an alert that does not say whom it is about, nor is there one in what every object has', () => {
    expect(alert('Something is wrong', {}, null)).toBeUndefined();
    expect(alert('Something is wrong', { constructor: 'x' }, null)).toBeUndefined();
  });
});
