import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { aContext, change, logWithErrors, metric, topology } from './agents/case.fixture.js';
import { AGENTS, agentNamed } from './agents/registry.js';
import { decideOutcomeV2 } from './outcome/decide-outcome-v2.js';
import { CaseAnalysis } from './case-analysis.js';
import { investigate } from './investigate.js';

const CASE = [
  change('13:58'),
  change('09:00', { version: 'v41' }),
  metric('checkout', 'error_ratio', 0.001, 0.4),
  logWithErrors('checkout', 'cannot read property of undefined'),
  topology(['web', 'checkout']),
];
const { evidence, context } = aContext(CASE);
const { incident } = context;

describe('A case analysis', () => {
  it('gives the same result in one go as when it is resumed from stored reports after any step', () => {
    const whole = investigate(evidence, { incident });
    expect(whole.outcome.outcome).toBe('identified');
    for (let cut = 0; cut <= AGENTS.length; cut += 1) {
      const first = new CaseAnalysis({ incident });
      first.read(evidence);
      const reports = AGENTS.slice(0, cut).map(({ name }) => first.run(name).report);
      const stored = JSON.parse(JSON.stringify({ reports, onset: first.onset })) as {
        reports: typeof reports;
        onset: typeof first.onset;
      };
      const second = new CaseAnalysis({ incident, reports: stored.reports });
      second.read(evidence, stored.onset);
      for (const { name } of AGENTS.slice(cut)) second.run(name);
      expect(second.context.reports).toEqual(whole.turns.map(({ report }) => report));
      expect(second.decide()).toEqual({ inputs: whole.inputs, outcome: whole.outcome });
    }
  });

  it('estimates the onset from the current evidence, unless the onset is given', () => {
    const analysis = new CaseAnalysis({ incident });
    expect(analysis.onset.basis).toBe('alert');
    analysis.read(evidence);
    expect(analysis.onset.basis).not.toBe('alert');
    const known = { ...analysis.onset, at: 7 };
    analysis.read(evidence, known);
    expect(analysis.context.onset).toBe(known);
  });

  it('is decided by another policy on request', () => {
    expect(investigate(evidence, { incident }, { policy: decideOutcomeV2 }).outcome.version).toBe(
      'outcome/2',
    );
  });

  it('refuses an agent that is not in the registry', () => {
    expect(() => new CaseAnalysis({ incident }).run('palm reading')).toThrow(
      'There is no agent palm reading',
    );
  });
});

describe('An agent that throws', () => {
  afterEach(() => {
    jest.restoreAllMocks();
  });

  function breakDown(...names: readonly string[]): void {
    for (const name of names) {
      jest.spyOn(agentNamed(name), 'run').mockImplementation(() => {
        throw new RangeError(`a row that ${name} cannot stand`);
      });
    }
  }

  it('is reported with its error, and does not stop the other agents or the decision', () => {
    breakDown('blast radius');
    const { turns, inputs, outcome } = investigate(evidence, { incident });
    expect(turns.map(({ report }) => report.agentName)).toEqual(AGENTS.map(({ name }) => name));
    expect(turns.filter(({ report }) => report.failed)).toEqual([
      {
        report: {
          agentName: 'blast radius',
          findings: [],
          hypotheses: [],
          suspects: [],
          missing: [],
          message: 'Broke down over this evidence and found nothing; the others go on without it.',
          failed: true,
        },
        failure: expect.stringMatching(/^RangeError: a row that blast radius cannot stand\n +at /),
      },
    ]);
    expect(inputs.failed).toEqual(['blast radius']);
    expect(outcome).toMatchObject({ outcome: 'identified', rootCause: expect.stringContaining('v42') });
    expect(outcome.missingEvidence.filter((what) => what.includes('broke down'))).toEqual([
      expect.stringMatching(/^What the blast radius would have found/),
    ]);
    expect(outcome.recommendedActions.join()).not.toContain('broke down');
  });

  it('rules out the outcome not_an_incident, since it may have found something', () => {
    const quiet = aContext([
      metric('checkout', 'error_ratio', 0.001, 0.001),
      metric('checkout', 'latency_ms', 20, 20),
    ]).evidence;
    const decided = (): string => investigate(quiet, { incident }).outcome.outcome;
    expect(decided()).toBe('not_an_incident');
    breakDown('change detection');
    expect(decided()).toBe('inconclusive');
  });

  it('makes the run inconclusive when it is the synthesis, or when every agent throws', () => {
    breakDown('synthesis');
    expect(investigate(evidence, { incident }).outcome).toMatchObject({
      outcome: 'inconclusive',
      rootCause: null,
    });
    breakDown(...AGENTS.map(({ name }) => name));
    const { inputs, outcome } = investigate(evidence, { incident });
    expect(inputs.failed).toHaveLength(AGENTS.length);
    expect(outcome).toMatchObject({ outcome: 'inconclusive', confidence: 0 });
  });

  it('is distinguished from evidence that cannot be read at all, which fails the run', () => {
    const analysis = new CaseAnalysis({ incident });
    analysis.read({
      logsAround: () => [],
      get series(): never {
        throw new TypeError('a bug of the analyser');
      },
    } as unknown as typeof evidence);
    expect(() => analysis.run('log analysis')).toThrow('a bug of the analyser');
  });
});
