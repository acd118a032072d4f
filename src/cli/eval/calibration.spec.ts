import { describe, expect, it } from '@jest/globals';
import { bins, expectedCalibrationError } from './calibration.js';

describe('Calibration', () => {
  const cases = [
    { confidence: 0.9, right: true },
    { confidence: 0.92, right: false },
    { confidence: 0.1, right: false },
    { confidence: 1, right: true },
  ];

  it('sorts predictions into ten bins, a confidence of 1 into the last', () => {
    expect(bins(cases).map(({ from, n }) => [from, n])).toEqual([
      [0.1, 1],
      [0.9, 3],
    ]);
  });

  it('error is the mean distance between confidence and accuracy, weighted by cases', () => {
    expect(expectedCalibrationError(cases)).toBeCloseTo((1 / 4) * 0.1 + (3 / 4) * Math.abs(2.82 / 3 - 2 / 3));
  });

  it('error is 0 when confidence equals accuracy', () => {
    expect(expectedCalibrationError([{ confidence: 1, right: true }])).toBe(0);
  });
});
