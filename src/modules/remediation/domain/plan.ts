import { createHash } from 'node:crypto';
import type { Cause, StepDraft } from './actions/action.js';
import { findAction, REMEDIATION_ACTIONS } from './actions/registry.js';
import { stringParam } from './actions/wording.js';
import type { Step } from './step.js';

export interface Plan {
  readonly title: string;
  readonly steps: readonly StepDraft[];
}

/** A plan for a root cause; undefined when no action applies. */
export function planForCause(cause: Cause): Plan | undefined {
  for (const action of REMEDIATION_ACTIONS) {
    const step = action.propose(cause);
    if (step) return { title: titleOf(step.description), steps: [step] };
  }
  return undefined;
}

/**
 * Adapts a plan that resolved an earlier incident: versions and the like come from the change that is suspected now. A step
 * whose parameters the evidence does not provide becomes manual. Actions unknown to this server are kept as they are: they
 * belong to the runner that lists them.
 */
export function adaptPlan({ title, steps }: Plan, suspected: Cause | null): Plan {
  const adapted = steps.map((step) => adaptStep(step, suspected));
  const titled = steps.findIndex(({ description }) => titleOf(description) === title);
  return { title: titleOf(adapted[titled]?.description ?? title), steps: adapted };
}

function adaptStep(step: StepDraft, suspected: Cause | null): StepDraft {
  const known = findAction(step.action);
  if (!known) return step;
  const service = stringParam(step.params, 'service');
  const now = suspected?.service === service ? known.propose(suspected) : undefined;
  if (now) return now;
  const environment = stringParam(step.params, 'environment');
  return {
    action: step.action,
    description:
      `Do this by hand after finding the current values: “${step.description}” helped last time, but the evidence of ` +
      'this incident does not show which change to act on',
    params: { service, environment },
    manual: true,
  };
}

/** Cut by code points, since a lone surrogate cannot be stored. */
function titleOf(description: string): string {
  return Array.from(description).slice(0, 500).join('');
}

/** SHA-256, hex, over what is approved: title, and each step's action, parameters, description, and whether it is manual. */
export function planDigest(title: string, steps: readonly Step[]): string {
  const plan = steps.map(({ action, description, params, manual }) => ({
    action,
    description,
    params,
    manual,
  }));
  return createHash('sha256')
    .update(canonicalJson({ title, steps: plan }))
    .digest('hex');
}

/** JSON with sorted keys: jsonb does not keep their order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
