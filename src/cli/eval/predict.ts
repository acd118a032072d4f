import type { Hypothesis } from '#modules/investigation/domain/hypothesis';
import { investigate, type Investigated } from '#modules/investigation/domain/investigate';
import type { RawCase } from './load-cases.js';
import type { Perturbations } from './perturb.js';
import { readCase, type ReadCase } from './read-case.js';

/** What is written for one case. */
export interface Prediction {
  readonly ranked: readonly { readonly entity: string; readonly score: number }[];
  /** Full SHA; `none` when changes were looked at and none is to blame; null when there were none to look at. */
  readonly commit: string | null;
  readonly failureMode: string | null;
  readonly incident: boolean;
  readonly confidence: number;
  readonly outcome: string;
  readonly evidence: readonly string[];
  /** What reading and investigating took. */
  readonly ms: number;
}

export interface Predicted {
  readonly prediction: Prediction;
  /** What broke down, and where: the prediction was made without it. */
  readonly failures: readonly string[];
}

const NO_CLAIM = {
  ranked: [],
  commit: null,
  failureMode: null,
  incident: true,
  confidence: 0,
  outcome: 'inconclusive',
  evidence: [],
} as const;

/**
 * One case that breaks something takes no other case along.
 * @param now a clock in ms; only differences are used
 */
export function predict(raw: RawCase, now: () => number, perturbations: Perturbations): Predicted {
  const begun = now();
  const ms = (): number => Math.round((now() - begun) * 10) / 10;
  try {
    const { prediction, failures } = claim(raw, perturbations);
    return { prediction: { ...prediction, ms: ms() }, failures };
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return {
      prediction: { ...NO_CLAIM, ms: ms() },
      failures: [`${raw.id}: it could not be investigated: ${why}`],
    };
  }
}

function claim(
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

/** The suspects of the synthesis, which hears all others; behind them whoever nobody suspects, by name. */
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
