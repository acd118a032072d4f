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

function oneByOne(_done: ReadonlySet<string>, open: readonly string[]): string[] {
  return open.slice(0, 1);
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

function eventTypes(run: Run): string[] {
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
  it('is queued with every step pending', () => {
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

  it('executes its steps in order and records progress for each', () => {
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

  it('starts independent steps together, and after a crash those that were cut off', () => {
    const run = aRun(['first', 'second', 'third']);
    const choices: unknown[] = [];
    const all = (done: ReadonlySet<string>, open: readonly string[]): string[] => {
      choices.push([[...done], open]);
      return open.slice(0, 2);
    };
    expect(run.beginSteps(all, at(1)).map(({ stepIndex }) => stepIndex)).toEqual([1, 2]);
    run.finishStep(1, report('first'), 5);
    expect(run.beginSteps(all, at(9)).map(({ stepIndex }) => stepIndex)).toEqual([2, 3]);
    expect(run.steps.map(({ status }) => status)).toEqual(['completed', 'running', 'running']);
    expect(choices).toEqual([
      [[], ['first', 'second', 'third']],
      [['first'], ['second', 'third']],
    ]);
  });

  it('repeats the step that was cut off, and ends each step once', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    expect(run.beginSteps(oneByOne, at(9))).toMatchObject([{ stepIndex: 1, startedAt: at(9).toISOString() }]);
    expect(run.finishStep(1, report('first'), 1)).toBe(true);
    expect(run.finishStep(1, report('first'), 1)).toBe(false);
    expect(eventTypes(run)).toEqual(['investigation.progress']);
  });

  it('ignores results and records no event after it was aborted', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    run.abort(at(2));
    expect(run.finishStep(1, report('first'), 1)).toBe(false);
    expect(run.conclude(outcome(), inputs, at(3))).toBe(false);
    expect(run.fail('too late', at(3))).toBe(false);
    expect(run).toMatchObject({ status: 'aborted', endedAt: at(2), isUnderWay: false });
    expect(run.steps.map(({ status }) => status)).toEqual(['skipped', 'skipped']);
    expect(eventTypes(run)).toEqual([]);
    expect(() => run.abort(at(4))).toThrow('No investigation of this incident is under way.');
  });

  it('marks the step at which it failed', () => {
    const run = aRun();
    run.beginSteps(oneByOne, at(1));
    expect(run.fail('An agent failed', at(2))).toBe(true);
    expect(run).toMatchObject({ status: 'failed', failure: 'An agent failed' });
    expect(run.steps.map(({ status }) => status)).toEqual(['failed', 'skipped']);
  });

  it('waits for a decision on a known solution, and accepts one decision only', () => {
    const run = aRun();
    run.offerKnownSolution(known, true);
    expect(run.isWaiting).toBe(true);
    expect(() => run.decideKnownSolution('ptn_2', 'accepted')).toThrow('No known solution of this pattern');
    run.decideKnownSolution('ptn_1', 'accepted');
    expect(run).toMatchObject({ isWaiting: false, knownSolution: { decision: 'accepted' } });
    expect(() => run.decideKnownSolution('ptn_1', 'dismissed')).toThrow('No known solution of this pattern');
    expect(eventTypes(run)).toEqual(['investigation.known_solution_found']);
  });

  it('publishes a known solution without waiting when waiting is disabled', () => {
    const run = aRun();
    run.offerKnownSolution(known, false);
    expect(run.isWaiting).toBe(false);
    expect(eventTypes(run)).toEqual(['investigation.known_solution_found']);
  });

  it('leaves a known solution undecided when the waiting time is over', () => {
    const run = aRun();
    run.offerKnownSolution(known, true);
    run.stopWaiting();
    expect(run).toMatchObject({ isWaiting: false, knownSolution: { decision: 'undecided' } });
  });

  it('ends inconclusive without a cause, and records investigation.completed', () => {
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

  it('takes the change of its root cause as the culprit, and no other', () => {
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
