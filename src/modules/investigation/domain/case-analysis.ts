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

/** What is known besides the evidence. A case of `npm run eval` has the incident only. Plain JSON. */
export type CaseContext = Pick<InvestigationContext, 'incident'> &
  Partial<Pick<InvestigationContext, 'earlierIncidents' | 'knownSolution' | 'reports'>>;

export interface DecidedOutcome {
  readonly inputs: OutcomeInputs;
  readonly outcome: Outcome;
}

/**
 * The computation of one investigation: estimates the onset, runs agents, collects their reports and decides. Pure apart
 * from its own state: no I/O, and the same evidence gives the same result.
 */
export class CaseAnalysis {
  #evidence = new EvidenceSet([]);
  #onset: Onset | undefined;
  readonly #reports: AgentReport[];

  constructor(private readonly known: CaseContext) {
    this.#reports = [...(known.reports ?? [])];
  }

  get evidence(): EvidenceSet {
    return this.#evidence;
  }

  get incident(): InvestigatedIncident {
    return this.known.incident;
  }

  get onset(): Onset {
    return (this.#onset ??= estimateOnset(this.#evidence, this.incident));
  }

  get context(): InvestigationContext {
    const { incident, earlierIncidents = [], knownSolution = null } = this.known;
    const [onset, reports] = [this.onset, [...this.#reports]];
    return { incident, earlierIncidents, knownSolution, onset, reports };
  }

  /** Sets the evidence that agents read. @param onset the onset if it is known already; else it is estimated */
  read(evidence: EvidenceSet, onset?: Onset): void {
    this.#evidence = evidence;
    this.#onset = onset;
  }

  /**
   * Runs one agent, after the agents whose reports it reads. An exception of the agent becomes a failed report, so that
   * the other agents continue.
   * @throws Error when there is no such agent, or the onset cannot be estimated
   */
  run(agentName: string): AgentTurn {
    const turn = turnOf(agentNamed(agentName), this.#evidence, this.context);
    this.#reports.push(turn.report);
    return turn;
  }

  decide(policy = decideOutcome): DecidedOutcome {
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
