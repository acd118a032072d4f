import type { AgentReport, InvestigatedIncident, InvestigationContext } from './agents/agent.js';
import { AGENTS } from './agents/registry.js';
import { decideOutcome, type Outcome, type OutcomeInputs } from './decide-outcome.js';
import type { EvidenceSet } from './evidence-set.js';
import { estimateOnset } from './onset.js';
import { outcomeInputs } from './outcome-inputs.js';

/** A whole run, as it would have been stored. */
export interface Investigated {
  readonly context: InvestigationContext;
  readonly reports: readonly AgentReport[];
  readonly inputs: OutcomeInputs;
  readonly outcome: Outcome;
}

/** What a stored run knew besides its evidence; a case from a file knows none of it. */
type Remembered = Partial<
  Pick<InvestigationContext, 'earlierIncidents' | 'knownSolution' | 'topology' | 'onset'>
>;

/**
 * Runs every agent in turn and decides, in one breath and without storing anything: what a durable run does step by
 * step. The same evidence gives the same result.
 */
export function investigate(
  evidence: EvidenceSet,
  incident: InvestigatedIncident,
  remembered: Remembered = {},
  decide = decideOutcome,
): Investigated {
  let context: InvestigationContext = {
    incident,
    earlierIncidents: [],
    knownSolution: null,
    topology: [],
    ...remembered,
    onset: remembered.onset ?? estimateOnset(evidence, incident),
    reports: [],
  };
  for (const agent of AGENTS) {
    context = { ...context, reports: [...context.reports, agent.run(evidence, context)] };
  }
  const inputs = outcomeInputs(context.reports, evidence, context);
  return { context, reports: context.reports, inputs, outcome: decide(inputs) };
}
