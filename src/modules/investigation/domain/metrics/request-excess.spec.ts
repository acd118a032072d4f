import { describe, expect, it } from '@jest/globals';
import type { MetricSeries } from '../evidence/evidence-set.js';
import { areUnusual, requestExcess, sufferingOf } from './request-excess.js';

function series(entity: string, metric: string, values: readonly number[]): MetricSeries {
  const timestamps = values.map((_, i) => i);
  return { entity, metric, unit: undefined, timestamps, values, evidenceIds: [`evd_${metric}`] };
}
const requests = series('web', 'requests', [10, 10, 10, 20]);

describe('The excess of requests', () => {
  it('is requests times how much worse each fared than the median before', () => {
    const latency = series('web', 'latency_avg', [1, 1, 3, 5]);
    expect(requestExcess([requests, latency], 'latency', 2)).toEqual([
      {
        entity: 'web',
        excess: new Map([
          [2, 20],
          [3, 80],
        ]),
        evidenceIds: ['evd_latency_avg', 'evd_requests'],
        before: { asMuch: 0, windows: 0 },
        exact: true,
      },
    ]);
  });

  it('reads availability the other way round', () => {
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

  it('is as usual as it was before', () => {
    const noisy = [1, 9, 1, 9, 1, 9, 1, 1, 1, 1, 1, 9, 1, 9];
    const traffic = series(
      'web',
      'requests',
      noisy.map(() => 10),
    );
    expect(requestExcess([traffic, series('web', 'latency', noisy)], 'latency', 11)[0]?.before).toEqual({
      asMuch: 2,
      windows: 9,
    });
    const never = noisy.map((value, i) => (i < 11 ? 1 : value));
    expect(requestExcess([traffic, series('web', 'latency', never)], 'latency', 11)[0]?.before.asMuch).toBe(
      0,
    );
  });

  it('takes what an entity usually was asked where that was not measured, and knows nothing where its answers were not', () => {
    const asked = { ...requests, timestamps: [0, 1, 2], values: [10, 10, 20] };
    const latency = { ...series('web', 'latency', [1, 1, 3]), timestamps: [0, 1, 3] };
    expect([...(requestExcess([asked, latency], 'latency', 2)[0]?.excess ?? [])]).toEqual([[3, 20]]);
    const idle = { ...asked, values: [10, 10, 0] };
    expect(requestExcess([idle, latency], 'latency', 2)[0]?.excess.get(2)).toBe(0);
  });

  it('needs a request count, a signal and a sample from before', () => {
    const latency = series('web', 'latency', [1, 1, 3, 5]);
    expect(requestExcess([latency], 'latency', 2)).toEqual([]);
    expect(requestExcess([requests], 'latency', 2)).toEqual([]);
    expect(requestExcess([requests, latency], 'latency', 0)).toEqual([]);
    expect(requestExcess([requests, latency], 'failures', 2)).toEqual([]);
  });
});

describe('Excess is unusual', () => {
  const measured = (asMuch: number, windows = 100) => ({
    entity: 'web',
    excess: new Map(),
    evidenceIds: [],
    before: { asMuch, windows },
    exact: true,
  });

  it('when both the failing service and the one it comes from rarely had as much', () => {
    expect(areUnusual(measured(1), measured(1))).toBe(true);
    expect(areUnusual(measured(80, 600), measured(0, 600))).toBe(true);
    expect(areUnusual(measured(4), measured(4))).toBe(false);
  });

  it('but not when the failing service often suffers so', () => {
    expect(areUnusual(measured(180, 600), measured(0, 600))).toBe(false);
  });

  it('and of few windows only when neither ever had as much', () => {
    expect(areUnusual(measured(0, 6), measured(0, 6))).toBe(true);
    expect(areUnusual(measured(1, 6), measured(0, 6))).toBe(false);
  });
});

describe('What requests suffer from', () => {
  const alert = (title: string) => ({ title, description: '', service: 'web' });

  it('is what the alert says', () => {
    expect(sufferingOf(alert('p99 latency is high'), [], 0)).toBe('latency');
    expect(sufferingOf(alert('Availability below 99 %'), [], 0)).toBe('failures');
  });

  it('else what the series of the failing service show', () => {
    const failing = series('web', 'error_ratio', [0, 0, 0, 0.5, 0.5]);
    expect(sufferingOf(alert('Checkout is odd'), [failing], 3)).toBe('failures');
    expect(sufferingOf(alert('Checkout is odd'), [], 3)).toBe('latency');
  });
});
