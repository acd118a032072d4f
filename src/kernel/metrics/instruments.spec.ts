import { describe, expect, it } from '@jest/globals';
import { Histogram } from './instruments.js';

describe('a histogram', () => {
  it('counts a value in the first bucket whose bound it does not exceed, and in all later ones', () => {
    const histogram = new Histogram([1, 5]);
    for (const value of [0, 1, 1.1, 5, 6]) histogram.observe(value);
    expect(histogram.cumulative()).toEqual([
      { bound: 1, count: 2 },
      { bound: 5, count: 4 },
      { bound: Infinity, count: 5 },
    ]);
    expect(histogram.sum).toBeCloseTo(13.1);
  });
});
