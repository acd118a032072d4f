import { describe, expect, it } from '@jest/globals';
import { likeness, SAME_TROUBLE, tellingWords } from './likeness.js';

const alert = {
  title: 'High error rate on payment-service',
  description: '5xx error rate exceeded 5% for 3 consecutive minutes.',
  service: 'payment-service',
};

describe('likeness', () => {
  it('is 1 for the same text', () => {
    expect(likeness(alert, { ...alert })).toBe(1);
  });

  it('is 1 for the same alert with other numbers, ids, addresses and times', () => {
    const sent = (pod: string, at: string, ms: number) => ({
      title: `Slow responses: ${ms} ms`,
      description: `At ${at} instance 10.0.3.${ms % 200}:8080 (${pod}) answered in ${ms} ms`,
      service: 'checkout',
    });
    const first = sent('9b2f1c3e-4d5a-4b6c-8d7e-0f1a2b3c4d5e', '2026-03-01T12:00:00Z', 2340);
    const second = sent('1c2d3e4f-5a6b-4c7d-9e8f-a0b1c2d3e4f5', '2026-04-11T03:22:10Z', 917);
    expect(likeness(first, second)).toBe(1);
  });

  it('is the same for both orders', () => {
    const other = { ...alert, title: 'Error rate of payment-service is too high', description: '' };
    expect(likeness(alert, other)).toBe(likeness(other, alert));
  });

  it('keeps alerts about the same words of another service apart', () => {
    expect(likeness(alert, { ...alert, service: 'orders-service' })).toBeLessThan(SAME_TROUBLE);
  });

  it('takes a service that one side does not name, or writes in capitals, for the same', () => {
    expect(likeness(alert, { ...alert, service: null })).toBe(1);
    expect(likeness(alert, { ...alert, service: ' Payment-Service ' })).toBe(1);
  });

  it('tells an outage from a refusal by its status code', () => {
    const failing = (code: number) => ({
      title: `Requests answered ${code}`,
      description: '',
      service: 'web',
    });
    expect(likeness(failing(503), failing(401))).toBeLessThan(SAME_TROUBLE);
  });

  it.each([
    ['Disk almost full on db-1', 'Volume /var/lib/postgresql is 94% full.'],
    ['Certificate of api.example.com expires in 3 days', 'Renew it before it runs out.'],
    ['Nightly backup failed', 'Job backup-nightly ended with exit code 1.'],
    ['High memory on payment-service', 'RSS above 3.5 GiB for 10 minutes.'],
    ['High latency on payment-service', 'p99 above 2 s for 5 minutes.'],
  ])('is well below a match for unrelated trouble: %s', (title, description) => {
    expect(likeness(alert, { title, description, service: 'payment-service' })).toBeLessThan(0.6);
  });

  it('compares titles without words as a whole', () => {
    const bare = (title: string) => ({ title, description: '', service: null });
    expect(likeness(bare('???'), bare('???'))).toBe(1);
    expect(likeness(bare('???'), bare('!!!'))).toBe(0);
  });

  it('puts the words that tell most first', () => {
    expect(tellingWords('High latency on the checkout host')).toEqual([
      'latency',
      'checkout',
      'high',
      'host',
    ]);
  });
});
