import { describe, expect, it } from '@jest/globals';
import { aContext, change, logWithErrors, metric, topology } from './agents/case.fixture.js';
import { AGENTS } from './agents/registry.js';
import { decideOutcomeAsOf1 } from './outcome/decide-outcome-1.js';
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
      const reports = AGENTS.slice(0, cut).map(({ name }) => first.run(name));
      const stored = JSON.parse(JSON.stringify({ reports, onset: first.onset })) as {
        reports: typeof reports;
        onset: typeof first.onset;
      };
      const second = new Inquiry({ incident, reports: stored.reports });
      second.read(evidence, stored.onset);
      for (const { name } of AGENTS.slice(cut)) second.run(name);
      expect(second.context.reports).toEqual(whole.reports);
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
    expect(investigate(evidence, { incident }, { policy: decideOutcomeAsOf1 }).outcome.version).toBe(
      'outcome/1',
    );
  });

  it('has no turn for an agent that is not in the list', () => {
    expect(() => new Inquiry({ incident }).run('palm reading')).toThrow('There is no agent palm reading');
  });
});
