import { describe, expect, it } from '@jest/globals';
import { nextAttemptAt } from './retry-schedule.js';

const FAILED = new Date('2026-04-01T10:00:00Z');
const secondsAfter = (tries: number, retryAfter = 0, random = 0): number | null => {
  const next = nextAttemptAt(tries, FAILED, retryAfter, random);
  return next && (next.getTime() - FAILED.getTime()) / 1000;
};
const TRIES = [1, 2, 3, 4, 5, 6, 7, 8, 9];

describe('the retry schedule', () => {
  it('is 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h, and then ends', () => {
    const hours = [2, 5, 10, 14, 20, 24].map((each) => each * 3600);
    expect(TRIES.map((tries) => secondsAfter(tries))).toEqual([5, 300, 1800, ...hours]);
    expect(secondsAfter(10)).toBeNull();
  });

  it('adds a random tenth at most, and never shortens a delay', () => {
    for (const tries of TRIES) {
      const least = secondsAfter(tries) ?? 0;
      expect(secondsAfter(tries, 0, 0.5)).toBeCloseTo(least * 1.05);
      expect(secondsAfter(tries, 0, 1)).toBeCloseTo(least * 1.1);
    }
  });

  it('honours Retry-After where it is longer than the delay', () => {
    expect(secondsAfter(1, 120)).toBe(120);
    expect(secondsAfter(1, 120, 1)).toBe(120.5);
    expect(secondsAfter(3, 120)).toBe(1800);
    expect(secondsAfter(10, 120)).toBeNull();
  });
});
