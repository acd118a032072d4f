import type { TenantId } from '#kernel/domain/ids';
import type { EvidenceType } from './evidence.js';
import type { Finding } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';

/** What an agent read, as a person can look it up. */
export interface EvidenceRecord {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly agentName: string;
  readonly summary: string;
  readonly observedAt: Date;
  /** What was asked for, in words. */
  readonly query: string | null;
  /** The beginning of what was read. */
  readonly content: string;
  /** SHA-256, in hex, of all that was read. */
  readonly contentHash: string;
  /**
   * `file`: its rows are kept with it; `attached`: they lie where they were attached; `told`: it has none, the agents
   * know it from the run's memory.
   */
  readonly origin: 'file' | 'attached' | 'told';
}

/** With its rows, as JSON, where they are kept with it. */
export type NewEvidence = EvidenceRecord & { readonly rows: string | null };

export type NamedHypothesis = Hypothesis & {
  readonly hypothesisId: string;
  /** A model's are never more than questions. */
  readonly proposedBy: 'agents' | 'model';
};

/** What a run read, found and held to be possible. A finding without a citation cannot be stored. */
export abstract class CaseFile {
  /** Evidence that is in the file already is left alone. */
  abstract addEvidence(
    tenantId: TenantId,
    investigationId: string,
    evidence: readonly NewEvidence[],
  ): Promise<void>;

  /** The rows, as JSON, of those pieces whose rows are kept with them. */
  abstract keptRows(
    tenantId: TenantId,
    investigationId: string,
    evidenceIds: readonly string[],
  ): Promise<{ readonly evidenceId: string; readonly rows: string }[]>;

  /** In the order of their ids, after one of them. */
  abstract evidence(
    tenantId: TenantId,
    investigationId: string,
    page?: { readonly after: string; readonly limit: number },
  ): Promise<EvidenceRecord[]>;

  abstract addFindings(
    tenantId: TenantId,
    investigationId: string,
    stepIndex: number,
    findings: readonly Finding[],
  ): Promise<void>;

  /** By run and step. */
  abstract findings(
    tenantId: TenantId,
    investigationIds: readonly string[],
  ): Promise<{ investigationId: string; stepIndex: number; finding: Finding }[]>;

  /** Best first. */
  abstract addHypotheses(
    tenantId: TenantId,
    investigationId: string,
    hypotheses: readonly NamedHypothesis[],
  ): Promise<void>;

  abstract hypotheses(tenantId: TenantId, investigationIds: readonly string[]): Promise<RankedHypothesis[]>;
}

export interface RankedHypothesis {
  readonly investigationId: string;
  readonly hypothesisId: string;
  readonly statement: string;
  readonly score: number;
  readonly status: Hypothesis['status'];
  readonly supportedBy: readonly string[];
  readonly contradictedBy: readonly string[];
  readonly because: string | null;
  readonly proposedBy: NamedHypothesis['proposedBy'];
}
