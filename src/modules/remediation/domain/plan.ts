import { createHash } from 'node:crypto';
import type { Cause, StepDraft } from './actions/action.js';
import { REMEDIATION_ACTIONS } from './actions/registry.js';
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
    // By code points, since half of one could not be stored.
    if (step) return { title: Array.from(step.description).slice(0, 500).join(''), steps: [step] };
  }
  return undefined;
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
