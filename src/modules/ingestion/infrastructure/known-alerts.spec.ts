import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { KnownAlerts } from './known-alerts.js';

describe('known alerts', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('are told by their key', () => {
    const known = new KnownAlerts();
    known.remember('a', 'inc_1');
    expect([known.incidentOf('a'), known.incidentOf('b')]).toEqual(['inc_1', undefined]);
  });

  it('are forgotten after five seconds, whether anybody asks in between or not', () => {
    const [asked, left] = [new KnownAlerts(), new KnownAlerts()];
    for (const known of [asked, left]) known.remember('a', 'inc_1');
    jest.advanceTimersByTime(4_000);
    expect(asked.incidentOf('a')).toBe('inc_1');
    jest.advanceTimersByTime(3_000);
    expect([asked.incidentOf('a'), left.incidentOf('a')]).toEqual([undefined, undefined]);
  });

  it('are so many at most: the ones remembered first go first', () => {
    const known = new KnownAlerts();
    for (let n = 0; n < 100_000; n += 1) known.remember(`${n}`, 'inc_1');
    const left = Array.from({ length: 100_000 }, (_, n) => n).filter((n) => known.incidentOf(`${n}`));
    expect(left.length).toBeGreaterThan(8_000);
    expect(left.length).toBeLessThanOrEqual(16_384);
    expect(left[0]).toBe(100_000 - left.length);
  });
});
