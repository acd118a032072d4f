import type { Severity } from '#kernel/domain/severity';
import type { EvidenceSet } from '../evidence/evidence-set.js';
import type { EpochMs, EvidenceType } from '../evidence/evidence.js';
import type { Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';
import type { KnownSolution } from '../known-solution.js';
import type { Onset } from '../evidence/onset.js';

/** The incident under investigation, as it was when the run began. */
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
  /** The alert is evidence too: the id under which this run recorded its text. */
  readonly evidenceId: string;
}

/** An incident of the same service that is over. */
export interface EarlierIncident {
  readonly incidentId: string;
  readonly title: string;
  readonly description: string;
  readonly service: string | null;
  readonly alertedAt: EpochMs;
  readonly rootCause: string | null;
  /** 0.85..1: how alike the alerts are, where they tell of the same trouble. */
  readonly similarity: number | null;
  /** The id under which this run recorded it. */
  readonly evidenceId: string;
}

/** All that an agent may know besides the evidence. Plain JSON. */
export interface InvestigationContext {
  readonly incident: InvestigatedIncident;
  readonly earlierIncidents: readonly EarlierIncident[];
  /** The kept pattern that the alert resembles most, if any is close enough. */
  readonly knownSolution: KnownSolution | null;
  /** `estimateOnset` of the evidence, made once so that all agents split time at the same point. */
  readonly onset: Onset;
  /** What the agents before this one in the list found in this run. */
  readonly reports: readonly AgentReport[];
}

/** How strongly one way of looking points at one entity. */
export interface Suspect {
  readonly entity: string;
  /** How far it stands out from all others to one way of looking, 1 being far; of the synthesis its share of all suspicion. */
  readonly score: number;
}

/** What one agent found. Plain JSON, so that a run can go on from stored reports after a crash. */
export interface AgentReport {
  readonly agentName: string;
  readonly findings: readonly Finding[];
  readonly hypotheses: readonly Hypothesis[];
  /** Most suspicious first. */
  readonly suspects: readonly Suspect[];
  /** What it lacked, as noun phrases that follow "Attach or connect". */
  readonly missing: readonly string[];
  /** One sentence with numbers for `investigation.progress`. */
  readonly message: string;
  /** It broke down: all else is empty, and what it would have found is not known. */
  readonly failed?: true;
}

/** A report of what was found, and of nothing else. */
export function reportOf(
  agentName: string,
  message: string,
  found: Partial<Omit<AgentReport, 'agentName' | 'message'>> = {},
): AgentReport {
  return { agentName, message, findings: [], hypotheses: [], suspects: [], missing: [], ...found };
}

/** What came of an agent's turn. */
export interface AgentTurn {
  readonly report: AgentReport;
  /** Where it broke down: the error with its stack, for whoever mends it. May hold words of the evidence. */
  readonly failure?: string;
}

/** One way of looking at an incident. Pure: the same evidence and context give the same report. */
export interface Agent {
  /** As in `investigation.progress`. */
  readonly name: string;
  /** The evidence it reads; with none of it the agent still runs, and says so. */
  readonly needs: readonly EvidenceType[];
  /** The agents whose reports it reads. Those that do not wait for one another can run side by side. */
  readonly after: readonly string[] | 'all';
  run(evidence: EvidenceSet, context: InvestigationContext): AgentReport;
}
