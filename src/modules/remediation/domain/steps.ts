import { notFound } from '#kernel/domain/errors';
import type { StepDraft } from './actions/action.js';
import { findAction } from './actions/registry.js';
import type { Step } from './step.js';

export type ExecutionOutcome = 'success' | 'failure' | 'unknown';

/** Whether the steps include a rollback. */
export function hasRollback(steps: readonly Step[]): boolean {
  return steps.some(({ reverses }) => reverses !== null);
}

/** The first active step that has not succeeded. */
export function currentOf(steps: readonly Step[]): Step | undefined {
  return activeSteps(steps).find(({ status }) => status !== 'succeeded');
}

/** @throws Refusal `not_found` */
export function findStep(steps: readonly Step[], stepId: string): Step {
  const step = steps.find((candidate) => candidate.stepId === stepId);
  if (!step) throw notFound('step');
  return step;
}

/** The outcome of the active steps; undefined while there are more to run. At the end, pending steps become skipped. */
export function conclude(steps: readonly Step[]): ExecutionOutcome | undefined {
  const current = currentOf(steps);
  if (!current) return 'success';
  if (current.status !== 'failed' && current.status !== 'unknown') return undefined;
  for (const rest of activeSteps(steps)) if (rest.status === 'pending') rest.status = 'skipped';
  return current.status === 'failed' ? 'failure' : 'unknown';
}

/** Makes skipped steps pending again. */
export function resume(steps: readonly Step[]): void {
  for (const step of activeSteps(steps)) if (step.status === 'skipped') step.status = 'pending';
}

/** The steps that reverse those that succeeded and are not reversed yet, last one first. */
export function rollbackStepsOf(steps: readonly Step[]): (StepDraft & { readonly reverses: string })[] {
  const done = steps.filter(({ status }) => status === 'succeeded');
  const reversed = new Set(done.map(({ reverses }) => reverses));
  return done
    .filter(({ stepId, reverses }) => reverses === null && !reversed.has(stepId))
    .reverse()
    .flatMap(({ action, params, stepId }) => {
      const draft = findAction(action)?.reverse(params);
      return draft ? [{ ...draft, reverses: stepId }] : [];
    });
}

/** The steps of the plan or, once it is rolled back, those of the rollback: of several attempts at one, the last. */
function activeSteps(steps: readonly Step[]): readonly Step[] {
  if (!hasRollback(steps)) return steps;
  const last = new Map(steps.map((step) => [step.reverses, step]));
  return steps.filter((step) => step.reverses !== null && last.get(step.reverses) === step);
}
