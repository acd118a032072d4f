import { type Id, newId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import type { Params, Risk, StepDraft } from './actions/action.js';
import { actionNamed } from './actions/registry.js';

export const STEP_STATUSES = words('StepStatus', [
  'pending',
  'running',
  'succeeded',
  'failed',
  'unknown',
  'skipped',
]);
export type StepStatus = (typeof STEP_STATUSES)[number];

export interface Step {
  readonly stepId: Id<'stp'>;
  /** From 1. */
  readonly index: number;
  readonly action: string;
  readonly description: string;
  readonly params: Params;
  readonly risk: Risk;
  readonly reversible: boolean;
  /** A person does it, because no connected runner lists the action. */
  readonly manual: boolean;
  /** The step that this one takes back, where a plan is rolled back. */
  readonly reverses: string | null;
  status: StepStatus;
  /** Any JSON that whoever did the step gave back. */
  output: unknown;
  /** How often it was sent to a runner. */
  attempt: number;
  /** ISO 8601: the row is JSON. */
  startedAt: string | null;
  durationMs: number | null;
  /** It was sent before, and nobody knows what came of that. */
  mayBeDone?: true;
}

/** How a runner's step came out. `not_sent`: surely nothing happened; `given_up`: nor will it. */
export type StepOutcome =
  | { readonly status: 'succeeded' | 'failed'; readonly output: unknown }
  | { readonly status: 'unknown' | 'not_sent' | 'given_up'; readonly reason: string };

/** Tells who does a step: true when a connected runner lists its action. */
export type Executable = (action: string) => boolean;

/** Makes the steps of a plan out of their drafts, numbered on from `after`. */
export function stepsOf(
  drafts: readonly (StepDraft & { readonly reverses?: string })[],
  isExecutable: Executable,
  after = 0,
): Step[] {
  return drafts.map(({ action, description, params, manual, reverses = null }, place) => {
    const known = actionNamed(action);
    return {
      stepId: newId('stp'),
      index: after + place + 1,
      action,
      description,
      params,
      // What nobody here has judged is taken for dangerous.
      risk: known?.risk ?? 'high',
      reversible: known?.reverse(params) !== undefined,
      manual: manual ?? !isExecutable(action),
      reverses,
      status: 'pending',
      output: null,
      attempt: 0,
      startedAt: null,
      durationMs: null,
    };
  });
}

/** The step is about to be sent. */
export function begin(step: Step, now: Date): void {
  step.status = 'running';
  step.attempt += 1;
  step.output = null;
  step.startedAt = now.toISOString();
  step.durationMs = null;
}

/** It is known, or known not to be known, how the step went. */
export function settle(step: Step, outcome: StepOutcome, now: Date): void {
  step.output = 'output' in outcome ? outcome.output : { reason: outcome.reason };
  if (outcome.status === 'not_sent') {
    step.status = 'pending';
    return;
  }
  const unsent = step.mayBeDone ? 'unknown' : 'failed';
  step.status = outcome.status === 'given_up' ? unsent : outcome.status;
  step.durationMs = step.startedAt === null ? null : now.getTime() - Date.parse(step.startedAt);
}
