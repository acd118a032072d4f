import { describe, expect, it } from '@jest/globals';
import { confidenceIn } from './confidence.js';
import type { Localisation } from '../topology/localisation.js';

function localisation(changes: Partial<Localisation> = {}): Localisation {
  return { entity: 'web', strength: 1, ways: 1, alertsOnly: false, byDamage: false, ownSign: 1, ...changes };
}

describe('Confidence', () => {
  it('grows with the strength, within bounds', () => {
    const confidences = [0, 0.001, 0.1, 1, 2, 100].map((strength) =>
      confidenceIn(localisation({ strength })),
    );
    expect(confidences).toEqual([...confidences].sort((a, b) => a - b));
    expect(confidences[0]).toBeGreaterThan(0);
    expect(confidenceIn(localisation({ strength: 100 }))).toBe(
      confidenceIn(localisation({ strength: 1000 })),
    );
  });

  it('is 1 / (1 + e^−2.55) at strength 1 with measurements alone', () => {
    expect(confidenceIn(localisation())).toBeCloseTo(1 / (1 + Math.exp(-2.55)));
  });

  it('is lower with alerts only, and higher with traced damage', () => {
    const measured = confidenceIn(localisation());
    expect(confidenceIn(localisation({ alertsOnly: true }))).toBeLessThan(measured);
    expect(confidenceIn(localisation({ byDamage: true }))).toBeGreaterThan(measured);
  });
});
