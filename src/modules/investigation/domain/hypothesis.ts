import type { ChangeType, EpochMs } from './evidence/evidence.js';
import type { FailureMode } from './platform/failure-mode.js';
import type { FindingKind } from './finding.js';

/**
 * What sort of thing is held to be the cause. `demand` is more work than the service was made
 * for; `errors` is a symptom that was localised without its reason; `external` lies outside what the team runs (DNS, a provider, a certificate authority).
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

/** All that a remediation needs to know of the change it may undo. */
export interface SuspectedChange {
  readonly changeId: string | null;
  readonly type: ChangeType;
  readonly service: string;
  readonly environment: string | null;
  readonly version: string | null;
  /** What to go back to: told by the source, or the version that the change before it put in place. */
  readonly previousVersion: string | null;
  readonly summary: string;
  readonly url: string | null;
  readonly occurredAt: EpochMs;
  /** Full SHA, where the source tells it. */
  readonly commit?: string;
}

/** A possible cause with what speaks for and against it. Plain JSON. */
export interface Hypothesis {
  /** Reads on after "The root cause is": a sentence that names the cause, with numbers. */
  readonly statement: string;
  /** 0..1, how strongly the evidence points here; calibrated together with the decision policy. */
  readonly score: number;
  readonly status: HypothesisStatus;
  /** Evidence ids. */
  readonly supportedBy: readonly string[];
  readonly contradictedBy: readonly string[];
  readonly category: CauseCategory;
  /** The independent kinds of fact behind it. */
  readonly witnesses: readonly FindingKind[];
  /** Why it was ruled out or stays open, as a sentence. */
  readonly because?: string;
  readonly entity?: string;
  /** Where the evidence tells what sort of failure it is. */
  readonly failureMode?: FailureMode;
  readonly change?: SuspectedChange;
}

/** What a hypothesis is made of: most are contradicted by nothing. */
type HypothesisFacts = Omit<Hypothesis, 'contradictedBy'> & Partial<Pick<Hypothesis, 'contradictedBy'>>;

/**
 * Constructed valid or not at all: one that is supported names what supports it, one that is ruled out says why,
 * and the score is a number from 0 to 1.
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
