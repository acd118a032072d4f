import type { Hypothesis } from '#modules/investigation/domain/hypothesis';
import { investigate, type Investigated } from '#modules/investigation/domain/investigate';
import type { RawCase } from './load-cases.js';
import type { Perturbations } from './perturb.js';
import { readCase, type ReadCase } from './read-case.js';

/** The prediction for one case, as it is written to the file. */
export interface Prediction {
  readonly ranked: readonly { readonly entity: string; readonly score: number }[];
  /** Full SHA; `none` when there are commits and none is the cause; null when there are none. */
  readonly commit: string | null;
  readonly failureMode: string | null;
  readonly incident: boolean;
  readonly confidence: number;
  readonly outcome: string;
  readonly evidence: readonly string[];
  /** Duration of reading and investigating, in milliseconds. */
  readonly ms: number;
}

export interface PredictionResult {
  readonly prediction: Prediction;
  /** Agents that threw, with their error; the prediction was made without them. */
  readonly failures: readonly string[];
}

const NO_PREDICTION = {
  ranked: [],
  commit: null,
  failureMode: null,
  incident: true,
  confidence: 0,
  outcome: 'inconclusive',
  evidence: [],
} as const;

/**
 * Predicts one case. An exception becomes a failure, so that the other cases are still predicted.
 * @param now a clock in milliseconds; only differences are used
 */
export function predict(raw: RawCase, now: () => number, perturbations: Perturbations): PredictionResult {
  const startedAt = now();
  const ms = (): number => Math.round((now() - startedAt) * 10) / 10;
  try {
    const { prediction, failures } = investigateCase(raw, perturbations);
    return { prediction: { ...prediction, ms: ms() }, failures };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      prediction: { ...NO_PREDICTION, ms: ms() },
      failures: [`${raw.id}: it could not be investigated: ${why}`],
    };
  }
}

function investigateCase(
  raw: RawCase,
  perturbations: Perturbations,
): { readonly prediction: Omit<Prediction, 'ms'>; readonly failures: readonly string[] } {
  const read = perturbations.ofRead(readCase(perturbations.ofRaw(raw)));
  const investigated = investigate(read.evidence, { incident: read.incident });
  const { outcome } = investigated;
  const incident = outcome.outcome !== 'not_an_incident';
  const cause = outcome.rootCause === null ? undefined : outcome.hypotheses[0];
  const prediction = {
    ranked: rankedBy(investigated, read),
    commit: commitOf(cause, read),
    failureMode: incident ? (cause?.failureMode ?? null) : 'healthy',
    incident,
    confidence: outcome.confidence,
    outcome: outcome.outcome,
    evidence: (cause ?? outcome.hypotheses[0])?.supportedBy ?? [],
  };
  const failures = investigated.turns.flatMap(({ report, failure }) =>
    failure === undefined ? [] : `${raw.id}: ${report.agentName} broke down: ${failure}`,
  );
  return { prediction, failures };
}

/** The suspects of the synthesis, which combines all agents; after them all other entities, by name. */
function rankedBy({ turns }: Investigated, { entities, originalNames }: ReadCase): Prediction['ranked'] {
  const suspects = turns.at(-1)?.report.suspects ?? [];
  const known = new Set(suspects.map(({ entity }) => entity));
  return [
    ...suspects.map(({ entity, score }) => ({ entity, score: Math.round(score * 1e6) / 1e6 })),
    ...entities.filter((entity) => !known.has(entity)).map((entity) => ({ entity, score: 0 })),
  ].map(({ entity, score }) => ({ entity: originalNames?.get(entity) ?? entity, score }));
}

function commitOf(cause: Hypothesis | undefined, { evidence }: ReadCase): string | null {
  if (!evidence.changes.some(({ row }) => row.commit !== undefined)) return null;
  return cause?.change?.commit ?? 'none';
}
