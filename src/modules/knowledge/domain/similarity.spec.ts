import { describe, expect, it } from '@jest/globals';
import { inTime } from '#kernel/domain/in-time.fixture';
import { MATCH_THRESHOLD, similarity, keywords } from './similarity.js';

const alert = {
  title: 'Checkout service returning 503',
  description: '5xx ratio of checkout is 12.4 % (threshold 5 %) since 14:02, pod checkout-7d9fbc6d8-x2x9l',
  service: 'checkout',
};

describe('The similarity of alerts', () => {
  it('is 1 for the same text', () => {
    expect(similarity(alert, alert)).toBe(1);
  });

  it('is 1 for the same alert with other times and numbers', () => {
    const later = {
      ...alert,
      description: alert.description.replace('12.4', '31.9').replace('14:02', '03:47'),
    };
    expect(similarity(alert, later)).toBe(1);
  });

  it.each([
    ['one more word', { ...alert, title: 'Checkout service is returning many 503' }],
    [
      'a reworded description',
      { ...alert, description: '5xx ratio of checkout is 9 %, above the threshold of 5 %' },
    ],
    ['no service field', { ...alert, service: null }],
  ])('reaches the threshold for the same failure with %s', (_, other) => {
    expect(similarity(alert, other)).toBeGreaterThanOrEqual(MATCH_THRESHOLD);
  });

  it.each([
    [
      'another symptom',
      { title: 'Checkout service slow', description: 'p99 latency of checkout is 3 s', service: 'checkout' },
    ],
    [
      'another status code',
      { ...alert, title: 'Checkout service returning 404', description: '4xx ratio is 12 %' },
    ],
    ['the same words about another service', { ...alert, service: 'search' }],
    [
      'another resource',
      { title: 'High memory on db-1', description: 'memory above 90 %', service: 'checkout' },
    ],
  ])('stays below the threshold for %s', (_, other) => {
    expect(similarity(alert, other)).toBeLessThan(MATCH_THRESHOLD);
  });

  it('distinguishes two resources of one host', () => {
    const cpu = {
      title: 'High CPU usage on db-1',
      description: 'CPU above 90 % for 5 minutes',
      service: 'db',
    };
    const disk = {
      title: 'High disk usage on db-1',
      description: 'Disk above 90 % for 5 minutes',
      service: 'db',
    };
    expect(similarity(cpu, disk)).toBeLessThan(0.5);
  });

  it('is well below a match for alerts that have nothing in common', () => {
    const other = { title: 'Certificate expires soon', description: 'CN=www in 6 days', service: 'edge' };
    expect(similarity(alert, other)).toBeLessThan(0.2);
  });

  it('is symmetric', () => {
    const other = { ...alert, title: 'Checkout 503 again' };
    expect(similarity(alert, other)).toBe(similarity(other, alert));
  });

  it('compares titles without words literally', () => {
    const bare = (title: string) => ({ title, description: '', service: null });
    expect(similarity(bare('!!'), bare('!!'))).toBe(1);
    expect(similarity(bare('!!'), bare('??'))).toBe(0);
    expect(similarity(bare('支付 失败'), bare('库存 不足'))).toBe(0);
  });

  it('is linear in the length of hostile texts', () => {
    const long = { title: 'a1 '.repeat(100_000), description: '50'.repeat(100_000), service: '__proto__' };
    expect(inTime(() => similarity(long, long))).toBe(1);
  });

  it('ignores the case of service names', () => {
    expect(similarity(alert, { ...alert, service: ' Checkout ' })).toBe(1);
  });
});

describe('The keywords of a text', () => {
  it('come before words that most alerts have', () => {
    expect(keywords('High latency on the checkout host')).toEqual(['latency', 'checkout', 'high', 'host']);
  });
});
