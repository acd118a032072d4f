import type { AgentReport, InvestigatedIncident, InvestigationContext } from './agents/agent.js';
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
    return { incident, earlierIncidents, knownSolution, topology: [], onset, reports };
  }

  /** From now on the agents read this. @param onset where it is known already; else it is estimated */
  read(evidence: EvidenceSet, onset?: Onset): void {
    this.#evidence = evidence;
    this.#onset = onset;
  }

  /** Lets one agent have its turn. Those it reads must have had theirs. @throws where there is no such agent */
  run(agentName: string): AgentReport {
    const report = agentNamed(agentName).run(this.#evidence, this.context);
    this.#reports.push(report);
    return report;
  }

  decide(policy = decideOutcome): Decided {
    const inputs = outcomeInputs(this.#reports, this.#evidence, this.context);
    return { inputs, outcome: policy(inputs) };
  }
}
