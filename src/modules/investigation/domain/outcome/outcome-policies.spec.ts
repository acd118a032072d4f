import { describe, expect, it } from '@jest/globals';
import { OUTCOME_POLICY, type OutcomeInputs } from './decide-outcome.js';
import { hypothesis } from '../hypothesis.js';
import { OUTCOME_POLICIES } from './outcome-policies.js';

const inputs: OutcomeInputs = {
  onset: { at: 0, basis: 'metric' },
  hypotheses: [
    hypothesis({
      statement: 'checkout ran out of memory',
      score: 0.5,
      status: 'supported',
      supportedBy: ['evd_1'],
      contradictedBy: [],
      category: 'resource',
      witnesses: ['metric_shift'],
    }),
  ],
  read: { metrics: true, logs: true },
  quiet: { metrics: false, logs: false, platform: true },
  missing: [],
};

describe('The policies', () => {
  it('each return their own version; the current one comes first', () => {
    expect([...OUTCOME_POLICIES.keys()][0]).toBe(OUTCOME_POLICY);
    for (const [version, decide] of OUTCOME_POLICIES) expect(decide(inputs).version).toBe(version);
  });

  it('differ: outcome/2 was more confident when two methods agreed', () => {
    const localisation = {
      entity: 'checkout',
      strength: 0.3,
      ways: 2,
      alertsOnly: true,
      byDamage: false,
      ownSign: 0,
    };
    const troubled = { ...inputs, quiet: { ...inputs.quiet, platform: false }, localisation };
    const confidences = ['outcome/2', 'outcome/3'].map(
      (version) => OUTCOME_POLICIES.get(version)?.(troubled).confidence,
    );
    expect(confidences).toEqual([0.736, 0.388]);
  });
});
