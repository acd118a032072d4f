import { describe, expect, it } from '@jest/globals';
import type { MetricSeries } from '../evidence/metric-series.js';
import { isUnusual, requestExcess, symptomOf } from './request-excess.js';

function series(entity: string, metric: string, values: readonly number[]): MetricSeries {
  const timestamps = values.map((_, i) => i);
  return { entity, metric, unit: undefined, timestamps, values, evidenceIds: [`evd_${metric}`] };
}
const requests = series('web', 'requests', [10, 10, 10, 20]);

describe('The excess of requests', () => {
  it('is requests times the deviation from the baseline median', () => {
    const latency = series('web', 'latency_avg', [1, 1, 3, 5]);
    expect(requestExcess([requests, latency], 'latency', 2)).toEqual([
      {
        entity: 'web',
        excess: new Map([
          [2, 20],
          [3, 80],
        ]),
        evidenceIds: ['evd_latency_avg', 'evd_requests'],
        history: { exceeding: 0, windows: 0 },
        exact: true,
      },
    ]);
  });

  it('counts a fall of availability', () => {
    const availability = series('web', 'availability', [100, 100, 95, 105]);
    const [measured] = requestExcess([requests, availability], 'failures', 2);
    expect([...(measured?.excess ?? [])]).toEqual([
      [2, 50],
      [3, 0],
    ]);
  });

  it('prefers a mean to a percentile', () => {
    const all = [series('web', 'latency_p99', [1, 1, 9, 9]), series('web', 'latency_avg', [1, 1, 2, 2])];
    expect(requestExcess([requests, ...all], 'latency', 2)[0]?.excess.get(2)).toBe(10);
  });

  it('counts the earlier windows with as much excess', () => {
    const noisy = [1, 9, 1, 9, 1, 9, 1, 1, 1, 1, 1, 9, 1, 9];
    const traffic = series(
      'web',
      'requests',
      noisy.map(() => 10),
    );
    expect(requestExcess([traffic, series('web', 'latency', noisy)], 'latency', 11)[0]?.history).toEqual({
      exceeding: 2,
      windows: 9,
    });
    const unseen = noisy.map((value, i) => (i < 11 ? 1 : value));
    expect(
      requestExcess([traffic, series('web', 'latency', unseen)], 'latency', 11)[0]?.history.exceeding,
    ).toBe(0);
  });

  it('uses the median request count where it was not measured, and is unknown where the signal was not', () => {
    const sparse = { ...requests, timestamps: [0, 1, 2], values: [10, 10, 20] };
    const latency = { ...series('web', 'latency', [1, 1, 3]), timestamps: [0, 1, 3] };
    expect([...(requestExcess([sparse, latency], 'latency', 2)[0]?.excess ?? [])]).toEqual([[3, 20]]);
    const idle = { ...sparse, values: [10, 10, 0] };
    expect(requestExcess([idle, latency], 'latency', 2)[0]?.excess.get(2)).toBe(0);
  });

  it('needs a request count, a signal and a baseline sample', () => {
    const latency = series('web', 'latency', [1, 1, 3, 5]);
    expect(requestExcess([latency], 'latency', 2)).toEqual([]);
    expect(requestExcess([requests], 'latency', 2)).toEqual([]);
    expect(requestExcess([requests, latency], 'latency', 0)).toEqual([]);
    expect(requestExcess([requests, latency], 'failures', 2)).toEqual([]);
  });
});

describe('Excess is unusual', () => {
  const measured = (exceeding: number, windows = 100) => ({
    entity: 'web',
    excess: new Map(),
    evidenceIds: [],
    history: { exceeding, windows },
    exact: true,
  });

  it('when the failing service and the suspect rarely had as much', () => {
    expect(isUnusual(measured(1), measured(1))).toBe(true);
    expect(isUnusual(measured(80, 600), measured(0, 600))).toBe(true);
    expect(isUnusual(measured(4), measured(4))).toBe(false);
  });

  it('but not when the failing service often has as much', () => {
    expect(isUnusual(measured(180, 600), measured(0, 600))).toBe(false);
  });

  it('and with few windows only when neither ever had as much', () => {
    expect(isUnusual(measured(0, 6), measured(0, 6))).toBe(true);
    expect(isUnusual(measured(1, 6), measured(0, 6))).toBe(false);
  });
});

describe('The symptom', () => {
  const alert = (title: string) => ({ title, description: '', service: 'web' });

  it('is the one that the alert names', () => {
    expect(symptomOf(alert('p99 latency is high'), [], 0)).toBe('latency');
    expect(symptomOf(alert('Availability below 99 %'), [], 0)).toBe('failures');
  });

  it('is otherwise the more anomalous one in the series of the failing service', () => {
    const failing = series('web', 'error_ratio', [0, 0, 0, 0.5, 0.5]);
    expect(symptomOf(alert('Checkout is odd'), [failing], 3)).toBe('failures');
    expect(symptomOf(alert('Checkout is odd'), [], 3)).toBe('latency');
  });
});
