import { describe, expect, it } from '@jest/globals';
import type { MetricShift } from '../metrics/metric-shift.js';
import { latencySources } from './latency-propagation.js';

function slower(entity: string, normal: number, worst: number, metric = 'latency_mean'): MetricShift {
  const series = { entity, metric, unit: 's' } as MetricShift['series'];
  return { series, role: 'latency', score: 100, effect: 10, shifted: true, at: 0, normal, worst };
}

describe('Latency propagation without a call graph', () => {
  it('is inferred from the same delay on top of a longer normal latency', () => {
    expect(latencySources([slower('a-front', 0.065, 0.66), slower('middle', 0.042, 0.635), slower('z-end', 0.02, 0.61)])).toEqual(
      new Map([['a-front', 'z-end'], ['middle', 'z-end']]),
    );
  }); // prettier-ignore

  it('is inferred for a caller with several calls per request, and for one that calls rarely', () => {
    expect(latencySources([slower('caller', 0.05, 1.25), slower('called', 0.01, 0.41)]).get('caller')).toBe(
      'called',
    );
    expect(latencySources([slower('caller', 0.05, 0.15), slower('called', 0.01, 0.51)]).get('caller')).toBe(
      'called',
    );
  });

  it('is not inferred when the delay of the source is too small', () => {
    expect(latencySources([slower('busy', 0.5, 5), slower('cache', 0.001, 0.02)])).toEqual(new Map());
  });

  it('is not inferred from contradicting metrics, different metrics or a single entity', () => {
    const both = (entity: string, mean: number, worstMean: number, p95: number, worstP95: number) => [
      slower(entity, mean, worstMean),
      slower(entity, p95, worstP95, 'latency_p95'),
    ];
    expect(
      latencySources([...both('one', 0.02, 0.4, 0.1, 0.4), ...both('two', 0.04, 0.4, 0.05, 0.4)]),
    ).toEqual(new Map());
    expect(latencySources([slower('one', 0.02, 0.6), slower('two', 0.01, 0.6, 'other_time')])).toEqual(
      new Map(),
    );
    expect(latencySources([slower('one', 0.02, 0.6)])).toEqual(new Map());
  });
});
