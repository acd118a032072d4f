import { createHash } from 'node:crypto';
import type { Cause, StepDraft } from './actions/action.js';
import { actionNamed, REMEDIATION_ACTIONS } from './actions/registry.js';
import { textOf } from './actions/wording.js';
import type { Step } from './step.js';

/** What is to be done, in order. */
export interface Plan {
  readonly title: string;
  readonly steps: readonly StepDraft[];
}

/** The plan against a change; undefined when nothing is known that helps. */
export function planAgainst(cause: Cause): Plan | undefined {
  for (const action of REMEDIATION_ACTIONS) {
    const step = action.propose(cause);
    if (step) return { title: titleOf(step.description), steps: [step] };
  }
  return undefined;
}

/**
 * A plan that helped in an earlier incident, for this one: versions and the like are taken from the change that is
 * suspected now. What the evidence does not tell, a person has to find out and do. Actions that are unknown here are
 * whoever's who listed them, with parameters that hold at all times.
 */
export function planAgain({ title, steps }: Plan, suspected: Cause | null): Plan {
  const again = steps.map((step) => stepAgain(step, suspected));
  const titled = steps.findIndex(({ description }) => titleOf(description) === title);
  return { title: titleOf(again[titled]?.description ?? title), steps: again };
}

function stepAgain(step: StepDraft, suspected: Cause | null): StepDraft {
  const known = actionNamed(step.action);
  if (!known) return step;
  const service = textOf(step.params, 'service');
  const now = suspected?.service === service ? known.propose(suspected) : undefined;
  if (now) return now;
  const environment = textOf(step.params, 'environment');
  return {
    action: step.action,
    description:
      `Find out what this takes now, and do it by hand: “${step.description}” helped the last time, and the evidence of ` +
      'this incident does not show which change it would be this time',
    params: { service, environment },
    manual: true,
  };
}

/** By code points, since half of one could not be stored. */
function titleOf(description: string): string {
  return Array.from(description).slice(0, 500).join('');
}

/** SHA-256, hex, over what a person approves: each step's action, parameters, words, and who does it. */
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

/** The same text for the same value, in whatever order its keys were stored. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
