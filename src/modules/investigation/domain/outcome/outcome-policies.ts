import { decideOutcomeV2 } from './decide-outcome-v2.js';
import { decideOutcome, type Outcome, OUTCOME_POLICY, type OutcomeInputs } from './decide-outcome.js';

type OutcomePolicy = (inputs: OutcomeInputs) => Outcome;

/**
 * Every policy that a replay can use, by version; the current one comes first. Versions are stored data. A replaced policy
 * stays here in a file of its own, so that old and new decisions can be compared.
 */
export const OUTCOME_POLICIES: ReadonlyMap<string, OutcomePolicy> = new Map([
  [OUTCOME_POLICY, decideOutcome],
  ['outcome/2', decideOutcomeV2],
]);

/** @param version the current one when absent. @throws Error for an unknown version */
export function policyNamed(version = OUTCOME_POLICY): OutcomePolicy {
  const policy = OUTCOME_POLICIES.get(version);
  if (!policy) throw new Error(`There is no policy ${version}`);
  return policy;
}
