import { describe, expect, it } from '@jest/globals';
import { newTenantId } from '#kernel/domain/ids';
import type { AgentReport } from './agents/agent.js';
import type { Outcome, OutcomeInputs } from './outcome/decide-outcome.js';
import { hypothesis } from './hypothesis.js';
import type { KnownSolution } from './known-solution.js';
import { Run } from './run.js';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 15, 14, 0, seconds));
const known: KnownSolution = {
  patternId: 'ptn_1',
  title: 'Cold cache',
  rootCause: 'The cache was cold',
  runbookUrl: null,
  similarity: 0.9,
  evidenceId: 'evd_1',
  decision: 'undecided',
};
const inputs: OutcomeInputs = {
  onset: { at: 0, basis: 'alert' },
  hypotheses: [],
  read: { metrics: false, logs: false },
  quiet: { metrics: false, logs: false },
  missing: [],
};

function aRun(agents: readonly string[] = ['first', 'second']): Run {
  const start = { trigger: 'person', startedBy: 'user_1' } as const;
  return Object.assign(Run.queue(newTenantId(), 'inc_1', start, agents, at(0)), { status: 'running' });
}

function oneByOne(_done: ReadonlySet<string>, left: readonly string[]): string[] {
  return left.slice(0, 1);
}

function report(agentName: string): AgentReport {
  return {
    agentName,
    findings: [],
    hypotheses: [],
    suspects: [],
    missing: [],
    message: `${agentName} is done.`,
  };
}

function told(run: Run): string[] {
  return run.takeRecorded().map(({ type }) => type);
}

function outcome(changes: Partial<Outcome> = {}): Outcome {
  return {
    outcome: 'inconclusive',
    confidence: 0.1,
    rootCause: null,
    hypotheses: [],
    recommendedActions: ['Attach logs'],
    missingEvidence: ['logs'],
    version: 'outcome/1',
    ...changes,
  };
}

describe('A run', () => {
  it('begins in the line, with every step ahead of it', () => {
    const run = Run.queue(
      newTenantId(),
      'inc_1',
      { trigger: 'triage', startedBy: null },
      ['first', 'second'],
      at(0),
    );
    expect(run).toMatchObject({ status: 'queued', isUnderWay: true, startedBy: null });
    expect(run.steps.map(({ stepIndex, status }) => [stepIndex, status])).toEqual([
      [1, 'pending'],
      [2, 'pending'],
    ]);
  });

  it('takes one step after the other and tells of each', () => {
    const run = aRun();
    expect(run.beginSteps(oneByOne, at(1))).toMatchObject([{ stepIndex: 1, status: 'running' }]);
    expect(run.finishStep(1, report('first'), 2_000)).toBe(true);
    expect(run.steps[0]).toMatchObject({ status: 'completed', durationMs: 2_000 });
    const [progress] = run.takeRecorded();
    expect(progress?.data).toEqual({
      incidentId: 'inc_1',
      message: 'first is done.',
      agentName: 'first',
      stepIndex: 1,
      totalSteps: 2,
    });
    expect(run.beginSteps(oneByOne, at(4))).toMatchObject([{ stepIndex: 2 }]);
    run.finishStep(2, report('second'), 1_000);
    expect(run.beginSteps(oneByOne, at(6))).toEqual([]);
  });

  it('begins steps together that wait for nothing, and after a crash those of them that were cut off', () => {
    const run = aRun(['first', 'second', 'third']);
    const told: unknown[] = [];
    const all = (done: ReadonlySet<string>, left: readonly string[]): string[] => {
      told.push([[...done], left]);
      return left.slice(0, 2);
    };
    expect(run.beginSteps(all, at(1)).map(({ stepIndex }) => stepIndex)).toEqual([1, 2]);
    run.finishStep(1, report('first'), 5);
    expect(run.beginSteps(all, at(9)).map(({ stepIndex }) => stepIndex)).toEqual([2, 3]);
    expect(run.steps.map(({ status }) => status)).toEqual(['completed', 'running', 'running']);
    expect(told).toEqual([
      [[], ['first', 'second', 'third']],
      [['first'], ['second', 'third']],
    ]);
  });

  it('goes back to the step that was cut off, and ends each only once', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    expect(run.beginSteps(oneByOne, at(9))).toMatchObject([{ stepIndex: 1, startedAt: at(9).toISOString() }]);
    expect(run.finishStep(1, report('first'), 1)).toBe(true);
    expect(run.finishStep(1, report('first'), 1)).toBe(false);
    expect(told(run)).toEqual(['investigation.progress']);
  });

  it('stores and tells nothing more once it was aborted', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    run.abort(at(2));
    expect(run.finishStep(1, report('first'), 1)).toBe(false);
    expect(run.conclude(outcome(), inputs, at(3))).toBe(false);
    expect(run.fail('too late', at(3))).toBe(false);
    expect(run).toMatchObject({ status: 'aborted', endedAt: at(2), isUnderWay: false });
    expect(run.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    expect(told(run)).toEqual([]);
    expect(() => run.abort(at(4))).toThrow('No investigation of this incident is under way.');
  });

  it('says at which step it failed', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    expect(run.fail('An agent failed', at(2))).toBe(true);
    expect(run).toMatchObject({ status: 'failed', failure: 'An agent failed' });
    expect(run.steps.map(({ status }) => status)).toEqual(['failed', 'skipped']);
  });

  it('waits for a person’s word on a known solution, and takes one only', () => {
    const run = aRun();
    run.offerKnownSolution(known, true);
    expect(run.isWaiting).toBe(true);
    expect(() => run.decideKnownSolution('ptn_2', 'accepted')).toThrow('No known solution of this pattern');
    run.decideKnownSolution('ptn_1', 'accepted');
    expect(run).toMatchObject({ isWaiting: false, knownSolution: { decision: 'accepted' } });
    expect(() => run.decideKnownSolution('ptn_1', 'dismissed')).toThrow('No known solution of this pattern');
    expect(told(run)).toEqual(['investigation.known_solution_found']);
  });

  it('tells of a known solution without waiting when nobody is to be waited for', () => {
    const run = aRun();
    run.offerKnownSolution(known, false);
    expect(run.isWaiting).toBe(false);
    expect(told(run)).toEqual(['investigation.known_solution_found']);
  });

  it('leaves a known solution undecided when the time is up', () => {
    const run = aRun();
    run.offerKnownSolution(known, true);
    run.stopWaiting();
    expect(run).toMatchObject({ isWaiting: false, knownSolution: { decision: 'undecided' } });
  });

  it('ends inconclusive without a cause, and tells it', () => {
    const run = aRun();
    expect(run.conclude(outcome(), inputs, at(5))).toBe(true);
    expect(run).toMatchObject({
      status: 'inconclusive',
      rootCause: null,
      culprit: null,
      acceptedPatternId: null,
    });
    const [completed] = run.takeRecorded();
    expect(completed?.data).toEqual({
      incidentId: 'inc_1',
      rootCause: null,
      confidence: 0.1,
      recommendedActions: ['Attach logs'],
    });
    expect(run.conclude(outcome(), inputs, at(6))).toBe(false);
  });

  it('names the change behind its root cause, and no other', () => {
    const suspect = (statement: string, version: string) =>
      hypothesis({
        statement,
        score: 0.7,
        status: 'supported',
        supportedBy: ['evd_1'],
        contradictedBy: [],
        category: 'change',
        witnesses: ['change'],
        change: {
          changeId: null, type: 'deploy', service: 'checkout', environment: null, version, previousVersion: null,
          summary: 'x', url: null, occurredAt: 0,
        }, // prettier-ignore
      });
    const hypotheses = [suspect('Deploy v41', 'v41'), suspect('Deploy v42', 'v42')];
    const run = aRun();
    run.conclude(outcome({ outcome: 'probable', rootCause: 'Deploy v42', hypotheses }), inputs, at(5));
    expect(run).toMatchObject({ status: 'completed', culprit: { version: 'v42' } });
  });
});
