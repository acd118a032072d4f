import { describe, expect, it } from '@jest/globals';
import { resembles, sameService, serviceOf } from './service-name.js';

describe('A service name', () => {
  it.each([
    ['Checkout', 'checkout'],
    ['prod/checkout', 'checkout'],
    ['checkout-7d9fbc6d8-x2x9l', 'checkout'],
    ['node-1', 'node-1'],
    ['https://queue.example/orders', 'https://queue-example/orders'],
    ['order_service', 'order-service'],
    ['price rules', 'price-rules'],
  ])('normalises %p to %p', (entity, service) => {
    expect(serviceOf(entity)).toBe(service);
  });

  it('is equal for a service and its StatefulSet pods, but not for numbered entities', () => {
    expect(sameService('postgres', 'postgres-0')).toBe(true);
    expect(sameService('node-1', 'node-2')).toBe(false);
  });

  it('is not equal for names that merely share a prefix', () => {
    expect(sameService('checkout', 'checkout-worker')).toBe(false);
    expect(sameService('', '-1')).toBe(false);
  });

  it('resembles a name that extends it by a suffix', () => {
    expect(resembles('checkout', 'checkout-api-7d9fbc6d8-x2x9l')).toBe(true);
    expect(resembles('checkout', 'checkouts')).toBe(false);
    expect(resembles('', 'checkout')).toBe(false);
  });
});
