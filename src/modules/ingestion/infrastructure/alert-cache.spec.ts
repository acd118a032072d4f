import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AlertCache } from './alert-cache.js';

describe('the alert cache', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('has an incident by the key of its alert', () => {
    const cache = new AlertCache();
    cache.remember('a', 'inc_1');
    expect([cache.incidentOf('a'), cache.incidentOf('b')]).toEqual(['inc_1', undefined]);
  });

  it('expires entries after five seconds, read or not', () => {
    const [read, unread] = [new AlertCache(), new AlertCache()];
    for (const cache of [read, unread]) cache.remember('a', 'inc_1');
    jest.advanceTimersByTime(4_000);
    expect(read.incidentOf('a')).toBe('inc_1');
    jest.advanceTimersByTime(3_000);
    expect([read.incidentOf('a'), unread.incidentOf('a')]).toEqual([undefined, undefined]);
  });

  it('is bounded and evicts the oldest entries first', () => {
    const cache = new AlertCache();
    for (let n = 0; n < 100_000; n += 1) cache.remember(`${n}`, 'inc_1');
    const left = Array.from({ length: 100_000 }, (_, n) => n).filter((n) => cache.incidentOf(`${n}`));
    expect(left.length).toBeGreaterThan(8_000);
    expect(left.length).toBeLessThanOrEqual(16_384);
    expect(left[0]).toBe(100_000 - left.length);
  });
});
