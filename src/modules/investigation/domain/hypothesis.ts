import type { ChangeType, EpochMs } from './evidence/evidence.js';
import type { FailureMode } from './platform/failure-mode.js';
import type { FindingKind } from './finding.js';

/**
 * The category of a cause. `demand`: more load than the service has capacity for. `errors`: a localised symptom whose
 * reason is unknown. `external`: outside what the team runs, such as DNS, a provider or a certificate authority.
 */
export const CAUSE_CATEGORIES = [
  'change',
  'resource',
  'demand',
  'dependency',
  'errors',
  'external',
  'known_pattern',
] as const;
export type CauseCategory = (typeof CAUSE_CATEGORIES)[number];

export type HypothesisStatus = 'supported' | 'ruled_out' | 'open';

/** What a remediation needs to know about a change to undo it. */
export interface SuspectedChange {
  readonly changeId: string | null;
  readonly type: ChangeType;
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  /** The version to roll back to: reported by the source, or the version of the preceding change. */
  readonly previousVersion: string | null;
  readonly summary: string;
  readonly url: string | null;
  readonly occurredAt: EpochMs;
  /** Full SHA, if the source reports it. */
  readonly commit?: string;
}

/** A possible cause with the evidence for and against it. Plain JSON. */
export interface Hypothesis {
  /** Completes "The root cause is": names the cause, with numbers. */
  readonly statement: string;
  /** 0..1, strength of the evidence; calibrated together with the outcome policy. */
  readonly score: number;
  readonly status: HypothesisStatus;
  /** Evidence ids. */
  readonly supportedBy: readonly string[];
  readonly contradictedBy: readonly string[];
  readonly category: CauseCategory;
  /** The kinds of the findings that support it. */
  readonly witnesses: readonly FindingKind[];
  /** Why it was ruled out or is open, as a sentence. */
  readonly because?: string;
  readonly entity?: string;
  /** If the evidence identifies it. */
  readonly failureMode?: FailureMode;
  readonly change?: SuspectedChange;
}

/** `contradictedBy` defaults to none. */
type HypothesisFacts = Omit<Hypothesis, 'contradictedBy'> & Partial<Pick<Hypothesis, 'contradictedBy'>>;

/**
 * Creates a valid hypothesis: a supported one cites evidence, a ruled-out one has a reason, and the score is in 0..1.
 * @throws TypeError otherwise
 */
export function hypothesis(facts: HypothesisFacts): Hypothesis {
  if (facts.statement.trim() === '') throw new TypeError('A hypothesis must state something.');
  if (!(facts.score >= 0 && facts.score <= 1)) {
    throw new TypeError(`The score of a hypothesis must lie in 0..1: ${facts.statement}`);
  }
  if (facts.status === 'supported' && facts.supportedBy.length === 0) {
    throw new TypeError(`A supported hypothesis must name its evidence: ${facts.statement}`);
  }
  if (facts.status === 'ruled_out' && facts.because === undefined) {
    throw new TypeError(`A hypothesis that is ruled out must say why: ${facts.statement}`);
  }
  return {
    ...facts,
    supportedBy: distinct(facts.supportedBy),
    contradictedBy: distinct(facts.contradictedBy ?? []),
    witnesses: distinct(facts.witnesses),
  };
}

function distinct<T extends string>(names: readonly T[]): T[] {
  return [...new Set(names)].sort();
}
