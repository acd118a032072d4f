import { type Id, newId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import type { Params, Risk, StepDraft } from './actions/action.js';
import { findAction } from './actions/registry.js';

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
  /** A person executes it, because no connected runner supports the action. */
  readonly manual: boolean;
  /** In a rollback, the id of the step that this one reverses. */
  readonly reverses: string | null;
  status: StepStatus;
  /** Any JSON that the runner or the person returned. */
  output: unknown;
  /** How often it was sent to a runner. */
  attempt: number;
  /** ISO 8601: the row is JSON. */
  startedAt: string | null;
  durationMs: number | null;
  /** It was sent before, with unknown outcome. */
  mayBeDone?: true;
}

/** The outcome of a runner's step. `not_sent`: it certainly did not run, and is retried; `given_up`: it is not retried. */
export type StepOutcome =
  | { readonly status: 'succeeded' | 'failed'; readonly output: unknown }
  | { readonly status: 'unknown' | 'not_sent' | 'given_up'; readonly reason: string };

/** Whether a connected runner lists an action; otherwise a person does the step. */
export type Executable = (action: string) => boolean;

/** Creates steps from drafts, numbered from `after` + 1. */
export function stepsOf(
  drafts: readonly (StepDraft & { readonly reverses?: string })[],
  isExecutable: Executable,
  after = 0,
): Step[] {
  return drafts.map(({ action, description, params, manual, reverses = null }, at) => {
    const known = findAction(action);
    return {
      stepId: newId('stp'),
      index: after + at + 1,
      action,
      description,
      params,
      // Actions unknown to this server count as dangerous.
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

/** Records the outcome of a step. */
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
