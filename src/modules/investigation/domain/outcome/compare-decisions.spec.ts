import { describe, expect, it } from '@jest/globals';
import { compareDecisions, type Decision } from './compare-decisions.js';

const stance = (statement: string, score = 0.5) => ({
  statement,
  score,
  status: 'open' as const,
  supportedBy: [],
  contradictedBy: [],
});
const decision = (changes: Partial<Decision> = {}): Decision => ({
  policy: 'outcome/1',
  outcome: 'probable',
  confidence: 0.6,
  rootCause: 'A',
  recommendedActions: ['Roll back'],
  missingEvidence: [],
  hypotheses: [stance('A'), stance('B')],
  ...changes,
});

describe('The comparison of two decisions', () => {
  it('is empty when they agree, whatever the policy and the order of the hypotheses', () => {
    const other = decision({ policy: 'outcome/2', hypotheses: [{ ...stance('B') }, { ...stance('A') }] });
    expect(compareDecisions(decision(), other)).toEqual({ differences: [], hypothesisDifferences: [] });
  });

  it('lists each field that differs, with both values', () => {
    const other = decision({ rootCause: null, recommendedActions: [] });
    expect(compareDecisions(decision(), other).differences).toEqual([
      { field: 'rootCause', recorded: 'A', replayed: null },
      { field: 'recommendedActions', recorded: ['Roll back'], replayed: [] },
    ]);
  });

  it('lists hypotheses that were added, removed or changed', () => {
    const other = decision({ hypotheses: [stance('A', 0.7), stance('C')] });
    expect(compareDecisions(decision(), other).hypothesisDifferences).toEqual([
      { statement: 'A', recorded: stance('A'), replayed: stance('A', 0.7) },
      { statement: 'C', recorded: null, replayed: stance('C') },
      { statement: 'B', recorded: stance('B'), replayed: null },
    ]);
  });
});
