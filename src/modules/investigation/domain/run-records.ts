import type { TenantId } from '#kernel/domain/ids';
import type { EvidenceType } from './evidence/evidence.js';
import type { Finding } from './finding.js';
import type { Hypothesis } from './hypothesis.js';

/** A piece of evidence that a run read, as it is stored and shown. */
export interface EvidenceRecord {
  readonly evidenceId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly agentName: string;
  readonly summary: string;
  readonly observedAt: Date;
  /** The query that was sent to the source, in words; null when nothing was queried. */
  readonly query: string | null;
  /** An excerpt: the beginning of what was read. */
  readonly content: string;
  /** SHA-256, in hex, of everything that was read. */
  readonly contentHash: string;
  /**
   * Where the rows are stored. `file`: with this record; `attached`: with the attachment they came from; `told`: it has
   * no rows, and agents read it from the run's context.
   */
  readonly origin: 'file' | 'attached' | 'told';
}

/** `rows`: JSON when `origin` is `file`, otherwise null. */
export type NewEvidence = EvidenceRecord & { readonly rows: string | null };

export type NamedHypothesis = Hypothesis & {
  readonly hypothesisId: string;
  /** Hypotheses of a model always have the status `open`. */
  readonly proposedBy: 'agents' | 'model';
};

/** Storage of a run's evidence, findings and hypotheses. A finding without a citation cannot be stored. */
export abstract class RunRecords {
  /** Idempotent: evidence that is already stored is not changed. */
  abstract addEvidence(
    tenantId: TenantId,
    investigationId: string,
    evidence: readonly NewEvidence[],
  ): Promise<void>;

  /** The rows, as JSON, of those of the given pieces whose `origin` is `file`. */
  abstract storedRows(
    tenantId: TenantId,
    investigationId: string,
    evidenceIds: readonly string[],
  ): Promise<{ readonly evidenceId: string; readonly rows: string }[]>;

  /** Ordered by evidence id; `page.after` is the last id of the page before. */
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

  /** Ordered by run and step. */
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
