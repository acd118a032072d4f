import { isPropagatedError } from './log-severity.js';
import type { LogComparison } from './log-comparison.js';
import { poissonDistance } from '../poisson-distance.js';

/** Anomaly scores of each entity's log: the Poisson distance of its most anomalous template. */
export interface LogAnomalies {
  /** Error messages that are new or more frequent. */
  readonly errors: ReadonlyMap<string, number>;
  /** Messages that became rare or stopped, such as those logged after a step that is no longer reached. */
  readonly missing: ReadonlyMap<string, number>;
}

/** Fewer lines of an entity in the baseline window do not show what it usually logs. */
const MIN_BASELINE_LINES = 10;
const MIN_TEMPLATE_LINES = 4;
/** With so many templates, smaller distances occur by chance. */
const MIN_MISSING_Z = 2;
const WEIGHT_WITHOUT_BASELINE = 0.3;
const WEIGHT_OF_PROPAGATED = 0.25;

/**
 * Scores each template against an expectation from the entity's other templates: `expected = before · (other lines
 * after) / (other lines before)`, so that neither a longer window nor more traffic is an anomaly.
 */
export function logAnomalies({ templates, byEntity, linesBefore, linesAfter }: LogComparison): LogAnomalies {
  const overall = (linesAfter + 1) / (linesBefore + 1);
  const errors = new Map<string, number>();
  const missing = new Map<string, number>();
  for (const template of templates) {
    const { entity, before, after, isError, sample } = template;
    const total = byEntity.get(entity) ?? template;
    const hasBaseline = total.before >= MIN_BASELINE_LINES;
    const ratio = hasBaseline ? (total.after - after + overall) / (total.before - before + 1) : overall;
    const z = poissonDistance(after, before * ratio, before);
    if (z > 0 && isError) {
      const origin = isPropagatedError(sample) ? WEIGHT_OF_PROPAGATED : 1;
      raise(errors, entity, z * origin * (hasBaseline ? 1 : WEIGHT_WITHOUT_BASELINE));
    }
    if (z < -MIN_MISSING_Z && hasBaseline && before >= MIN_TEMPLATE_LINES) raise(missing, entity, -z);
  }
  return { errors, missing };
}

function raise(scores: Map<string, number>, entity: string, z: number): void {
  scores.set(entity, Math.max(z, scores.get(entity) ?? 0));
}
