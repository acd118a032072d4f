import { describe, expect, it } from '@jest/globals';
import { bins, expectedCalibrationError } from './calibration.js';

describe('Calibration', () => {
  const cases = [
    { confidence: 0.9, right: true },
    { confidence: 0.92, right: false },
    { confidence: 0.1, right: false },
    { confidence: 1, right: true },
  ];

  it('sorts cases into ten bins, a certainty of 1 into the last', () => {
    expect(bins(cases).map(({ from, n }) => [from, n])).toEqual([
      [0.1, 1],
      [0.9, 3],
    ]);
  });

  it('is off by the mean distance of claim and truth, weighted by cases', () => {
    expect(expectedCalibrationError(cases)).toBeCloseTo((1 / 4) * 0.1 + (3 / 4) * Math.abs(2.82 / 3 - 2 / 3));
  });

  it('is not off when what is claimed comes true', () => {
    expect(expectedCalibrationError([{ confidence: 1, right: true }])).toBe(0);
  });
});
