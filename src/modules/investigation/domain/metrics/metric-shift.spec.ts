import { describe, expect, it } from '@jest/globals';
import type { MetricSeries } from '../evidence/metric-series.js';
import { healthySeries } from './healthy-series.js';
import { metricShift, describeShift } from './metric-shift.js';

function series(metric: string, values: readonly number[], entity = 'web'): MetricSeries {
  return { entity, metric, unit: 'ms', timestamps: values.map((_, i) => i), values, evidenceIds: ['evd_1'] };
}

describe('The shift of a series', () => {
  it('compares the samples after the split with those before', () => {
    expect(metricShift(series('latency', [10, 11, 10, 90, 95]), 3)).toMatchObject({
      shifted: true,
      at: 3,
      normal: 10,
      worst: 95,
      role: 'latency',
    });
  });

  it('is not a single outlier among many samples', () => {
    expect(metricShift(series('latency', [10, 11, 10, 10, 90, 10, 11]), 3)?.shifted).toBe(false);
  });

  it('is a single anomalous sample if it is the only one', () => {
    expect(metricShift(series('latency', [10, 11, 10, 90]), 3)?.shifted).toBe(true);
  });

  it('is undefined when one side has too few samples', () => {
    expect(metricShift(series('latency', [10, 11, 90]), 2)).toBeUndefined();
    expect(metricShift(series('latency', [10, 11, 10]), 9)).toBeUndefined();
    expect(metricShift(series('latency', []), 0)).toBeUndefined();
  });

  it('is described with its unit', () => {
    const shift = metricShift(series('latency', [10, 10, 10, 90]), 3);
    expect(shift && describeShift(shift)).toBe('latency rose from 10 to 90 ms');
  });
});

describe('The series of a healthy service', () => {
  const compared = (...all: MetricSeries[]) =>
    all.map((each) => metricShift(each, 3)).filter((shift) => shift !== undefined);
  const flat = [10, 10, 10, 10, 10];

  it('are returned when all user-facing ones stayed normal at the alert', () => {
    expect(healthySeries(compared(series('latency', flat)), { service: 'web', alertedAt: 4 })).toHaveLength(
      1,
    );
  });

  it.each([
    ['it was not measured at the alert', series('latency', flat), 5],
    ['only its CPU was measured', series('cpu', flat), 4],
    ['another service was measured', series('latency', flat, 'db'), 4],
    ['it shifted', series('latency', [10, 10, 10, 90, 90]), 4],
  ])('are not returned when %s', (_, each, alertedAt) => {
    expect(healthySeries(compared(each), { service: 'web', alertedAt })).toEqual([]);
  });
});
