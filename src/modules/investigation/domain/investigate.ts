import type { AgentTurn } from './agents/agent.js';
import { AGENTS } from './agents/registry.js';
import { decideOutcome } from './outcome/decide-outcome.js';
import type { EvidenceSet } from './evidence/evidence-set.js';
import { type Decided, Inquiry, type Remembered } from './inquiry.js';
import type { Onset } from './evidence/onset.js';

/** A whole run, as it would have been stored. */
export interface Investigated extends Decided {
  readonly turns: readonly AgentTurn[];
}

/** Runs every agent in turn and decides, in one breath: what a durable run does step by step. */
export function investigate(
  evidence: EvidenceSet,
  remembered: Remembered,
  { onset, policy = decideOutcome }: { readonly onset?: Onset; readonly policy?: typeof decideOutcome } = {},
): Investigated {
  const inquiry = new Inquiry(remembered);
  inquiry.read(evidence, onset);
  const turns = AGENTS.map(({ name }) => inquiry.run(name));
  return { turns, ...inquiry.decide(policy) };
}
