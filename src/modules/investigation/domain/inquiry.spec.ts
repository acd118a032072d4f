import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { aContext, change, logWithErrors, metric, topology } from './agents/case.fixture.js';
import { AGENTS, agentNamed } from './agents/registry.js';
import { decideOutcomeAsOf2 } from './outcome/decide-outcome-2.js';
import { Inquiry } from './inquiry.js';
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

describe('An inquiry', () => {
  it('comes to the same in one breath as step by step, cut off after any step and taken up from what was stored', () => {
    const whole = investigate(evidence, { incident });
    expect(whole.outcome.outcome).toBe('identified');
    for (let cut = 0; cut <= AGENTS.length; cut += 1) {
      const first = new Inquiry({ incident });
      first.read(evidence);
      const reports = AGENTS.slice(0, cut).map(({ name }) => first.run(name).report);
      const stored = JSON.parse(JSON.stringify({ reports, onset: first.onset })) as {
        reports: typeof reports;
        onset: typeof first.onset;
      };
      const second = new Inquiry({ incident, reports: stored.reports });
      second.read(evidence, stored.onset);
      for (const { name } of AGENTS.slice(cut)) second.run(name);
      expect(second.context.reports).toEqual(whole.turns.map(({ report }) => report));
      expect(second.decide()).toEqual({ inputs: whole.inputs, outcome: whole.outcome });
    }
  });

  it('dates the trouble by what there is to read at the time, unless it was dated before', () => {
    const inquiry = new Inquiry({ incident });
    expect(inquiry.onset.basis).toBe('alert');
    inquiry.read(evidence);
    expect(inquiry.onset.basis).not.toBe('alert');
    const known = { ...inquiry.onset, at: 7 };
    inquiry.read(evidence, known);
    expect(inquiry.context.onset).toBe(known);
  });

  it('is decided by another policy where one is asked for', () => {
    expect(investigate(evidence, { incident }, { policy: decideOutcomeAsOf2 }).outcome.version).toBe(
      'outcome/2',
    );
  });

  it('has no turn for an agent that is not in the list', () => {
    expect(() => new Inquiry({ incident }).run('palm reading')).toThrow('There is no agent palm reading');
  });
});

describe('An agent that breaks down', () => {
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

  it('is told of with its error, and takes neither the others nor the decision along', () => {
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

  it('leaves no way to call a trouble none: who was not heard may have had something to say', () => {
    const quiet = aContext([
      metric('checkout', 'error_ratio', 0.001, 0.001),
      metric('checkout', 'latency_ms', 20, 20),
    ]).evidence;
    const decided = (): string => investigate(quiet, { incident }).outcome.outcome;
    expect(decided()).toBe('not_an_incident');
    breakDown('change detection');
    expect(decided()).toBe('inconclusive');
  });

  it('leaves the run inconclusive where it is the one that weighs, or where all do', () => {
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

  it('is not to blame where no evidence can be read at all: that fails, as it must', () => {
    const inquiry = new Inquiry({ incident });
    inquiry.read({
      logsAround: () => [],
      get series(): never {
        throw new TypeError('a bug of the desk');
      },
    } as unknown as typeof evidence);
    expect(() => inquiry.run('log analysis')).toThrow('a bug of the desk');
  });
});
