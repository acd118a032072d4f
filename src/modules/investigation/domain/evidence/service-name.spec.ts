import { describe, expect, it } from '@jest/globals';
import { resembles, sameService, serviceOf } from './service-name.js';

describe('The name of a service', () => {
  it.each([
    ['Checkout', 'checkout'],
    ['prod/checkout', 'checkout'],
    ['checkout-7d9fbc6d8-x2x9l', 'checkout'],
    ['node-1', 'node-1'],
    ['https://queue.example/orders', 'https://queue-example/orders'],
    ['order_service', 'order-service'],
    ['price rules', 'price-rules'],
  ])('of %p is %p', (entity, service) => {
    expect(serviceOf(entity)).toBe(service);
  });

  it('is shared by a service and its stateful pods, not by things that are numbered', () => {
    expect(sameService('postgres', 'postgres-0')).toBe(true);
    expect(sameService('node-1', 'node-2')).toBe(false);
  });

  it('is not shared by names that merely begin alike', () => {
    expect(sameService('checkout', 'checkout-worker')).toBe(false);
    expect(sameService('', '-1')).toBe(false);
  });

  it('resembles another when one is the other with something appended', () => {
    expect(resembles('checkout', 'checkout-api-7d9fbc6d8-x2x9l')).toBe(true);
    expect(resembles('checkout', 'checkouts')).toBe(false);
    expect(resembles('', 'checkout')).toBe(false);
  });
});
