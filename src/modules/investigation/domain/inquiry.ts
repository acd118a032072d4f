import {
  type Agent,
  type AgentReport,
  type AgentTurn,
  type InvestigatedIncident,
  type InvestigationContext,
  reportOf,
} from './agents/agent.js';
import { agentNamed } from './agents/registry.js';
import { decideOutcome, type Outcome, type OutcomeInputs } from './outcome/decide-outcome.js';
import { EvidenceSet } from './evidence/evidence-set.js';
import { estimateOnset, type Onset } from './evidence/onset.js';
import { outcomeInputs } from './outcome/outcome-inputs.js';

/** What a run knows besides its evidence; a case from a file knows the incident alone. Plain JSON. */
export type Remembered = Pick<InvestigationContext, 'incident'> &
  Partial<Pick<InvestigationContext, 'earlierIncidents' | 'knownSolution' | 'reports'>>;

export interface Decided {
  readonly inputs: OutcomeInputs;
  readonly outcome: Outcome;
}

/** All that an investigation computes, agent by agent. Stores and asks nothing: the same evidence gives the same result. */
export class Inquiry {
  #evidence = new EvidenceSet([]);
  #onset: Onset | undefined;
  readonly #reports: AgentReport[];

  constructor(private readonly remembered: Remembered) {
    this.#reports = [...(remembered.reports ?? [])];
  }

  get evidence(): EvidenceSet {
    return this.#evidence;
  }

  get incident(): InvestigatedIncident {
    return this.remembered.incident;
  }

  get onset(): Onset {
    return (this.#onset ??= estimateOnset(this.#evidence, this.incident));
  }

  get context(): InvestigationContext {
    const { incident, earlierIncidents = [], knownSolution = null } = this.remembered;
    const [onset, reports] = [this.onset, [...this.#reports]];
    return { incident, earlierIncidents, knownSolution, onset, reports };
  }

  /** From now on the agents read this. @param onset where it is known already; else it is estimated */
  read(evidence: EvidenceSet, onset?: Onset): void {
    this.#evidence = evidence;
    this.#onset = onset;
  }

  /**
   * Lets one agent have its turn. Those it reads must have had theirs. One that breaks down over the evidence takes
   * nobody along: it is known to have failed, and the others go on.
   * @throws where there is no such agent, or no onset can be estimated: then it is not the agent that is wrong
   */
  run(agentName: string): AgentTurn {
    const turn = turnOf(agentNamed(agentName), this.#evidence, this.context);
    this.#reports.push(turn.report);
    return turn;
  }

  decide(policy = decideOutcome): Decided {
    const inputs = outcomeInputs(this.#reports, this.#evidence, this.context);
    return { inputs, outcome: policy(inputs) };
  }
}

function turnOf(agent: Agent, evidence: EvidenceSet, context: InvestigationContext): AgentTurn {
  try {
    return { report: agent.run(evidence, context) };
  } catch (error) {
    const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
    const message = 'Broke down over this evidence and found nothing; the others go on without it.';
    return { report: reportOf(agent.name, message, { failed: true }), failure };
  }
}
