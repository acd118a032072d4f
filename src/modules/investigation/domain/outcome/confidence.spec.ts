import { describe, expect, it } from '@jest/globals';
import { confidenceIn } from './confidence.js';
import type { Localisation } from '../topology/localisation.js';

function place(changes: Partial<Localisation> = {}): Localisation {
  return { entity: 'web', strength: 1, ways: 1, alertsOnly: false, byDamage: false, ownSign: 1, ...changes };
}

describe('Confidence', () => {
  it('grows with how far somebody stands out, within bounds', () => {
    const confidences = [0, 0.001, 0.1, 1, 2, 100].map((strength) => confidenceIn(place({ strength })));
    expect(confidences).toEqual([...confidences].sort((a, b) => a - b));
    expect(confidences[0]).toBeGreaterThan(0);
    expect(confidenceIn(place({ strength: 100 }))).toBe(confidenceIn(place({ strength: 1000 })));
  });

  it('is 1 / (1 + e^−2.55) for one who stands out by measurements alone', () => {
    expect(confidenceIn(place())).toBeCloseTo(1 / (1 + Math.exp(-2.55)));
  });

  it('is less where only alerts are left to look at, more where damage was traced', () => {
    const alone = confidenceIn(place());
    expect(confidenceIn(place({ alertsOnly: true }))).toBeLessThan(alone);
    expect(confidenceIn(place({ byDamage: true }))).toBeGreaterThan(alone);
  });
});
