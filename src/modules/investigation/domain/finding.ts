import type { EpochMs } from './evidence/evidence.js';
import { cut } from './wording.js';

/**
 * What kind of fact a finding states. Stored data: a kind is never renamed. `decideOutcome` maps each kind to a family of
 * witnesses and counts families.
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
  /** A sentence for people, with numbers. */
  readonly statement: string;
  /** Ids of the evidence it cites; never empty. */
  readonly evidenceIds: readonly string[];
  readonly kind: FindingKind;
  readonly entity?: string;
  /** When the fact started to be true. */
  readonly at?: EpochMs;
  /** How far it stands out, on a scale of its kind; only comparable between findings of one kind. */
  readonly score?: number;
  /** The numbers behind the statement; small, since they are stored and shown. */
  readonly data?: { readonly [key: string]: Json };
}

export interface Finding extends FindingFacts {
  readonly [valid]: true;
}

declare const valid: unique symbol;

const MAX_STATEMENT_LENGTH = 1000;

/**
 * The only way to create a finding, so that every finding is valid: it states something and cites evidence.
 * @throws TypeError for an empty statement, no evidence id, or a score or time that is not finite
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
