import type { EpochMs } from './evidence/evidence.js';
import { cut } from './wording.js';

/**
 * What kind of fact a finding states. Two findings of different kinds are independent witnesses: this is what
 * `decideOutcome` counts.
 */
export const FINDING_KINDS = [
  'change',
  'change_in_log_text',
  'metric_shift',
  'demand_rise',
  'excess',
  'slow_call',
  'missing_call',
  'unusual_alerts',
  'platform_state',
  'platform_event',
  'platform_quiet',
  'database_limit',
  'metrics_quiet',
  'error_seen',
  'new_error',
  'risen_error',
  'missing_message',
  'logs_quiet',
  'model_reading',
  'named_cause',
  'known_pattern',
  'earlier_incident',
  'blast_radius',
  'written_context',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** A value that survives a round trip through JSON. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface FindingFacts {
  /** A sentence for a person, with numbers. */
  readonly statement: string;
  /** The evidence it rests on; never empty. */
  readonly evidenceIds: readonly string[];
  readonly kind: FindingKind;
  readonly entity?: string;
  /** When the fact began to hold. */
  readonly at?: EpochMs;
  /** How far it stands out, in the agent's own scale; only comparable among findings of one kind. */
  readonly score?: number;
  /** The numbers behind the statement, small enough to store and show. */
  readonly data?: { readonly [key: string]: Json };
}

export interface Finding extends FindingFacts {
  readonly [valid]: true;
}

declare const valid: unique symbol;

const MAX_STATEMENT_LENGTH = 1000;

/**
 * The only way to a finding: constructed valid or not at all. A fact that nothing shows is not a fact, so no
 * evidence id, no finding.
 */
export function finding(facts: FindingFacts): Finding {
  const evidenceIds = [...new Set(facts.evidenceIds)].filter((id) => id !== '').sort();
  if (evidenceIds.length === 0) throw new TypeError(`A finding must cite evidence: ${facts.statement}`);
  if (facts.statement.trim() === '') throw new TypeError('A finding must state something.');
  for (const [name, number] of [
    ['score', facts.score],
    ['at', facts.at],
  ] as const) {
    if (number !== undefined && !Number.isFinite(number)) {
      throw new TypeError(`The ${name} of a finding must be a finite number: ${facts.statement}`);
    }
  }
  return {
    ...facts,
    statement: cut(facts.statement, MAX_STATEMENT_LENGTH),
    evidenceIds,
  } as unknown as Finding;
}
