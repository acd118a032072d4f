import { decideOutcomeV2 } from './decide-outcome-v2.js';
import { decideOutcome, type Outcome, OUTCOME_POLICY, type OutcomeInputs } from './decide-outcome.js';

type OutcomePolicy = (inputs: OutcomeInputs) => Outcome;

/**
 * Every policy that a run can be decided by again, by its version; the one that decides today comes first. A policy that
 * is replaced stays here, in a file of its own, so that old decisions can still be compared with new ones.
 */
export const OUTCOME_POLICIES: ReadonlyMap<string, OutcomePolicy> = new Map([
  [OUTCOME_POLICY, decideOutcome],
  ['outcome/2', decideOutcomeV2],
]);

/** @param version today's when absent. @throws Error when nobody knows it */
export function policyNamed(version = OUTCOME_POLICY): OutcomePolicy {
  const policy = OUTCOME_POLICIES.get(version);
  if (!policy) throw new Error(`There is no policy ${version}`);
  return policy;
}
