import type { Outcome } from './decide-outcome.js';
import type { Json } from '../finding.js';
import type { Hypothesis } from '../hypothesis.js';

/** The comparable parts of a run's result. */
export interface Decision {
  readonly policy: string;
  readonly outcome: Outcome['outcome'];
  readonly confidence: number;
  readonly rootCause: string | null;
  readonly recommendedActions: readonly string[];
  readonly missingEvidence: readonly string[];
  readonly hypotheses: readonly Stance[];
}

/** A decision's view of one hypothesis. */
export type Stance = Pick<Hypothesis, 'statement' | 'score' | 'status' | 'supportedBy' | 'contradictedBy'>;

const COMPARED = ['outcome', 'confidence', 'rootCause', 'recommendedActions', 'missingEvidence'] as const;

export interface Difference {
  readonly field: (typeof COMPARED)[number];
  readonly recorded: Json;
  readonly replayed: Json;
}

/** A hypothesis that differs; null on the side that does not have it. */
export interface HypothesisDifference {
  readonly statement: string;
  readonly recorded: Stance | null;
  readonly replayed: Stance | null;
}

export interface Comparison {
  readonly differences: readonly Difference[];
  readonly hypothesisDifferences: readonly HypothesisDifference[];
}

/** The differences between two decisions. Hypotheses are matched by statement; equal ones are left out. */
export function compareDecisions(recorded: Decision, replayed: Decision): Comparison {
  const differences = COMPARED.map((field) => ({
    field,
    recorded: recorded[field],
    replayed: replayed[field],
  })).filter((each) => !same(each.recorded, each.replayed));
  const [before, after] = [byStatement(recorded.hypotheses), byStatement(replayed.hypotheses)];
  const hypothesisDifferences = [...new Set([...after.keys(), ...before.keys()])]
    .map((statement) => ({
      statement,
      recorded: before.get(statement) ?? null,
      replayed: after.get(statement) ?? null,
    }))
    .filter((each) => !same(each.recorded, each.replayed));
  return { differences, hypothesisDifferences };
}

function byStatement(hypotheses: readonly Stance[]): Map<string, Stance> {
  return new Map(
    hypotheses.map(({ statement, score, status, supportedBy, contradictedBy }) => [
      statement,
      { statement, score, status, supportedBy, contradictedBy },
    ]),
  );
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
