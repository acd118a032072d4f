import { notFound } from '#kernel/domain/errors';
import type { StepDraft } from './actions/action.js';
import { actionNamed } from './actions/registry.js';
import type { Step } from './step.js';

export type Verdict = 'success' | 'failure' | 'unknown';

/** Whether steps were added that take others back. */
export function areTakenBack(steps: readonly Step[]): boolean {
  return steps.some(({ reverses }) => reverses !== null);
}

/** The first of the steps under way that is not done. */
export function currentOf(steps: readonly Step[]): Step | undefined {
  return underWay(steps).find(({ status }) => status !== 'succeeded');
}

/** @throws Refusal `not_found` */
export function stepNamed(steps: readonly Step[], stepId: string): Step {
  const step = steps.find((candidate) => candidate.stepId === stepId);
  if (!step) throw notFound('step');
  return step;
}

/** What the steps under way have come to; undefined while there is more to do. What an end leaves undone is skipped. */
export function conclude(steps: readonly Step[]): Verdict | undefined {
  const current = currentOf(steps);
  if (!current) return 'success';
  if (current.status !== 'failed' && current.status !== 'unknown') return undefined;
  for (const rest of underWay(steps)) if (rest.status === 'pending') rest.status = 'skipped';
  return current.status === 'failed' ? 'failure' : 'unknown';
}

/** What was skipped is to be done after all. */
export function resume(steps: readonly Step[]): void {
  for (const step of underWay(steps)) if (step.status === 'skipped') step.status = 'pending';
}

/** What takes the steps back that were done and are not taken back yet, the last one first. */
export function reversalOf(steps: readonly Step[]): (StepDraft & { readonly reverses: string })[] {
  const done = steps.filter(({ status }) => status === 'succeeded');
  const takenBack = new Set(done.map(({ reverses }) => reverses));
  return done
    .filter(({ stepId, reverses }) => reverses === null && !takenBack.has(stepId))
    .reverse()
    .flatMap(({ action, params, stepId }) => {
      const draft = actionNamed(action)?.reverse(params);
      return draft ? [{ ...draft, reverses: stepId }] : [];
    });
}

/** The steps of the plan or, once it is rolled back, those that take it back: of several attempts at one, the last. */
function underWay(steps: readonly Step[]): readonly Step[] {
  if (!areTakenBack(steps)) return steps;
  const last = new Map(steps.map((step) => [step.reverses, step]));
  return steps.filter((step) => step.reverses !== null && last.get(step.reverses) === step);
}
