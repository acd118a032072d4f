import { describe, expect, it } from '@jest/globals';
import type { MetricProfile } from './metric-profile.js';
import { baselineOf, MAX_ROBUST_SCORE, robustScore, robustZ } from './robust-score.js';

const latency: MetricProfile = { role: 'latency', direction: 'up', floor: 5, relativeFloor: 0.1 };
const normal = [100, 101, 99, 102, 98, 100, 101, 99, 100];

function baseline(values: readonly number[], profile = latency) {
  const found = baselineOf(values, profile);
  if (!found) throw new Error('no baseline');
  return found;
}

describe('The robust score', () => {
  it('is the deviation of the worst sample from the median in interquartile ranges', () => {
    const known = baseline(normal);
    expect(known).toMatchObject({ median: 100, scale: 2 });
    expect(robustScore([101, 150, 120], known, 'up')).toEqual({ score: 25, index: 1 });
  });

  it('counts only the bad direction', () => {
    const known = baseline(normal);
    expect(robustScore([10], known, 'up').score).toBe(0);
    expect(robustScore([10], known, 'down').score).toBe(45);
    expect(robustScore([10], known, 'both').score).toBe(45);
  });

  it('is 0 below the effect floor', () => {
    expect(robustZ(109, baseline(normal), 'up')).toBe(0);
    expect(robustZ(110, baseline(normal), 'up')).toBe(5);
  });

  it('scales a constant series by a thousandth of its level', () => {
    expect(robustZ(200, baseline([100, 100, 100]), 'up')).toBeCloseTo(1000);
  });

  it('scales a series that was always 0 by its effect floor', () => {
    const ratio: MetricProfile = { role: 'errors', direction: 'up', floor: 0.01, relativeFloor: 0.1 };
    expect(robustZ(0.6, baseline([0, 0, 0], ratio), 'up')).toBeCloseTo(600);
  });

  it('is finite for any values', () => {
    for (const values of [[1e308, -1e308, 1e308, -1e308], [5e-324, 0], [0], [Number.MAX_VALUE]]) {
      const { score } = robustScore([1e308, -1e308, 0], baseline(values), 'both');
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(MAX_ROBUST_SCORE);
    }
  });

  it('has no baseline without samples', () => {
    expect(baselineOf([], latency)).toBeUndefined();
  });
});
