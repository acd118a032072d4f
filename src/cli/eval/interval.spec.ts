import { describe, expect, it } from '@jest/globals';
import { interval } from './interval.js';

describe('The interval of a share', () => {
  it('is the Wilson score interval', () => {
    const { share, low, high } = interval(8, 10);
    expect(share).toBe(0.8);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
  });

  it('is wide for few cases, and 0 to 1 for none', () => {
    expect(interval(3, 3).low).toBeCloseTo(0.4385, 3);
    expect(interval(0, 0)).toEqual({ share: 0, low: 0, high: 1 });
  });
});
