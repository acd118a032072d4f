import type { AgentTurn } from './agents/agent.js';
import { AGENTS } from './agents/registry.js';
import { decideOutcome } from './outcome/decide-outcome.js';
import type { EvidenceSet } from './evidence/evidence-set.js';
import { type DecidedOutcome, CaseAnalysis, type CaseContext } from './case-analysis.js';
import type { Onset } from './evidence/onset.js';

/** The result of a whole run. */
export interface Investigated extends DecidedOutcome {
  readonly turns: readonly AgentTurn[];
}

/** Runs every agent and decides, in one call. A durable run does the same step by step. */
export function investigate(
  evidence: EvidenceSet,
  known: CaseContext,
  { onset, policy = decideOutcome }: { readonly onset?: Onset; readonly policy?: typeof decideOutcome } = {},
): Investigated {
  const analysis = new CaseAnalysis(known);
  analysis.read(evidence, onset);
  const turns = AGENTS.map(({ name }) => analysis.run(name));
  return { turns, ...analysis.decide(policy) };
}
