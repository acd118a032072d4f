import type { Severity } from '#kernel/domain/severity';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { EpochMs, EvidenceType } from '../evidence/evidence.js';
import type { Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import type { KnownSolution } from '../known-solution.js';
import type { Onset } from '../evidence/onset.js';

/** The incident under investigation, as it was when the run began. Stored with the run. */
export interface InvestigatedIncident {
  readonly incidentId: string;
  readonly title: string;
  readonly description: string;
  readonly severity: Severity;
  readonly service: string | null;
  readonly environment: string | null;
  readonly alertedAt: EpochMs;
  readonly tags: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** The id by which findings cite the alert itself. */
  readonly evidenceId: string;
}

/** An earlier incident of the same service that has ended. */
export interface EarlierIncident {
  readonly incidentId: string;
  readonly title: string;
  readonly description: string;
  readonly service: string | null;
  readonly alertedAt: EpochMs;
  readonly rootCause: string | null;
  /** .85..1, similarity of the two alerts; null below that. */
  readonly similarity: number | null;
  /** The id by which findings cite the earlier incident. */
  readonly evidenceId: string;
}

/** What an agent gets besides the evidence. Plain JSON. */
export interface InvestigationContext {
  readonly incident: InvestigatedIncident;
  readonly earlierIncidents: readonly EarlierIncident[];
  /** The stored pattern most similar to the alert, if any is similar enough. */
  readonly knownSolution: KnownSolution | null;
  /** `estimateOnset` of the evidence, computed once, so that all agents use the same onset. */
  readonly onset: Onset;
  /** The reports of the agents that ran before this one. */
  readonly reports: readonly AgentReport[];
}

/** How strongly one agent suspects one entity. */
export interface Suspect {
  readonly entity: string;
  /** The agent's outlier score of the entity, 1 being far from the others. In the synthesis: its share of all suspicion. */
  readonly score: number;
}

/** The result of one agent. Plain JSON, so that a run can resume from stored reports after a crash. */
export interface AgentReport {
  readonly agentName: string;
  readonly findings: readonly Finding[];
  readonly hypotheses: readonly Hypothesis[];
  /** Most suspicious first. */
  readonly suspects: readonly Suspect[];
  /** Evidence that it lacked, as noun phrases that complete "Attach or connect …". */
  readonly missing: readonly string[];
  /** One sentence with numbers for `investigation.progress`. */
  readonly message: string;
  /** The agent threw an exception; every list is empty. */
  readonly failed?: true;
}

/** A report with the given parts; all other lists are empty. */
export function reportOf(
  agentName: string,
  message: string,
  found: Partial<Omit<AgentReport, 'agentName' | 'message'>> = {},
): AgentReport {
  return { agentName, message, findings: [], hypotheses: [], suspects: [], missing: [], ...found };
}

/** The result of running an agent. */
export interface AgentTurn {
  readonly report: AgentReport;
  /** If it threw: the error with its stack, for the operator's log. May contain text of the evidence. */
  readonly failure?: string;
}

/** One method of analysis. Pure: the same evidence and context give the same report. */
export interface Agent {
  /** As in `investigation.progress`. Stored data. */
  readonly name: string;
  /** Types of evidence it reads. Without any it still runs, and reports that. */
  readonly needs: readonly EvidenceType[];
  /** Names of the agents whose reports it reads. Agents that do not depend on one another start together. */
  readonly after: readonly string[] | 'all';
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport;
}
