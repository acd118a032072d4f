import { describe, expect, it } from '@jest/globals';
import { decideOutcome, OUTCOME_POLICY, type OutcomeInputs } from './decide-outcome.js';
import { hypothesis, type Hypothesis } from '../hypothesis.js';

function cause(changes: Partial<Hypothesis> = {}): Hypothesis {
  return hypothesis({
    statement: 'Deploy v42 of checkout',
    score: 0.7,
    status: 'supported',
    supportedBy: ['evd_1'],
    category: 'change',
    witnesses: ['change', 'metric_shift'],
    entity: 'checkout',
    ...changes,
  });
}

function inputs(hypotheses: readonly Hypothesis[], changes: Partial<OutcomeInputs> = {}): OutcomeInputs {
  return {
    onset: { at: 0, basis: 'alert' },
    hypotheses,
    read: { metrics: true, logs: true },
    quiet: { metrics: false, logs: false },
    missing: ['traces'],
    ...changes,
  };
}

describe('The outcome', () => {
  it('is identified when witnesses of two families support one cause', () => {
    expect(decideOutcome(inputs([cause()]))).toMatchObject({
      outcome: 'identified',
      confidence: 0.7,
      rootCause: 'Deploy v42 of checkout',
      version: OUTCOME_POLICY,
    });
  });

  it('counts findings of one family as one witness', () => {
    const witnesses = ['new_error', 'risen_error', 'named_cause'] as const;
    expect(decideOutcome(inputs([cause({ witnesses })])).outcome).toBe('probable');
  });

  it('is probable with one witness, and recommends the missing evidence', () => {
    const { outcome, recommendedActions } = decideOutcome(inputs([cause({ witnesses: ['change'] })]));
    expect(outcome).toBe('probable');
    expect(recommendedActions).toContain('To make sure, attach or connect traces');
  });

  it('is only probable when two causes have nearly the same score', () => {
    const rival = cause({ statement: 'Deploy v7 of search', score: 0.68 });
    expect(decideOutcome(inputs([rival, cause()]))).toMatchObject({
      outcome: 'probable',
      rootCause: 'Deploy v42 of checkout',
      confidence: 0.6,
    });
  });

  it.each([
    ['nothing', []],
    ['only open hypotheses', [cause({ status: 'open', because: 'x', score: 0.9 })]],
    ['only weak ones', [cause({ score: 0.3 })]],
    ['only ruled out ones', [cause({ status: 'ruled_out', because: 'x', score: 0 })]],
  ])('is inconclusive with %s, without a cause', (_, hypotheses) => {
    const decided = decideOutcome(inputs(hypotheses));
    expect(decided).toMatchObject({ outcome: 'inconclusive', rootCause: null, missingEvidence: ['traces'] });
    expect(decided.confidence).toBeLessThanOrEqual(0.2);
    expect(decided.recommendedActions).toEqual(['Attach or connect traces']);
  });

  it('recommends evidence to attach even when nothing was missing', () => {
    expect(decideOutcome(inputs([], { missing: [] })).missingEvidence).toHaveLength(1);
  });

  it('is not an incident only when all evidence is normal', () => {
    const quiet = { metrics: true, logs: true };
    const open = (witnesses: Hypothesis['witnesses']) => [cause({ status: 'open', because: 'x', witnesses })];
    expect(decideOutcome(inputs([], { quiet })).outcome).toBe('not_an_incident');
    expect(decideOutcome(inputs([], { quiet: { metrics: true, logs: false } })).outcome).toBe('inconclusive');
    expect(decideOutcome(inputs([cause()], { quiet })).outcome).toBe('identified');
    expect(decideOutcome(inputs(open(['change']), { quiet })).outcome).toBe('inconclusive');
    expect(decideOutcome(inputs(open(['metric_shift']), { quiet })).outcome).toBe('not_an_incident');
  });

  it('is identified by a known solution that a person accepted', () => {
    const accepted = cause({ category: 'known_pattern', witnesses: ['known_pattern'], score: 0.9 });
    expect(decideOutcome(inputs([accepted]))).toMatchObject({ outcome: 'identified', confidence: 0.9 });
  });

  it('lists ruled-out hypotheses last', () => {
    const out = cause({ status: 'ruled_out', because: 'x', score: 0, statement: 'A' });
    const open = cause({ status: 'open', because: 'x', score: 0.3, statement: 'B' });
    expect(decideOutcome(inputs([out, open, cause()])).hypotheses.map(({ status }) => status)).toEqual([
      'supported',
      'open',
      'ruled_out',
    ]);
  });

  it.each([
    ['deploy', 'Roll back checkout from v42 to v41'],
    ['config', 'Restore the configuration of checkout from before “New rules”'],
    ['flag', 'Set the flag of checkout back: “New rules”'],
    ['schema', 'Check the schema change “New rules” of checkout and undo it if it can be undone'],
    ['infra', 'Undo the infrastructure change “New rules” of checkout'],
  ] as const)('recommends undoing a %s', (type, action) => {
    const change = {
      type,
      changeId: 'chg_1',
      service: 'checkout',
      environment: null,
      version: 'v42',
      previousVersion: 'v41',
      summary: 'New rules',
      url: null,
      occurredAt: 0,
    };
    expect(decideOutcome(inputs([cause({ change })])).recommendedActions).toEqual([action]);
    const long = cause({ change: { ...change, summary: 'New rules '.repeat(900) } });
    expect(decideOutcome(inputs([long])).recommendedActions[0]?.length).toBeLessThan(300);
  });
});
