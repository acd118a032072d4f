import { isPassedOn } from './log-severity.js';
import type { LogComparison, TemplateUse } from './log-comparison.js';

/** How far an entity's log departs from normal, as the Poisson distance of its most striking message. */
export interface LogChannels {
  /** Of messages of failure that are new or more frequent. */
  readonly failing: ReadonlyMap<string, number>;
  /** Of messages that fell silent: what comes after a point that is no longer reached. */
  readonly silent: ReadonlyMap<string, number>;
}

/** Of an entity that wrote fewer lines before, not enough is known to tell what it usually writes. */
const FEWEST_LINES = 10;
const FEWEST_OF_MESSAGE = 4;
/** A nearer distance is chance among so many messages. */
const LEAST_SILENCE = 2;
const WHEN_UNKNOWN = 0.3;
const WHEN_PASSED_ON = 0.25;

/**
 * Each message is compared with what the entity's other messages make one expect: `expected = before · (other lines
 * after) / (other lines before)`, `z = (after − expected) / √(expected + expected² / before + 1)`. So neither a longer
 * window nor more traffic looks like trouble.
 */
export function logChannels({ uses, linesBefore, linesAfter }: LogComparison): LogChannels {
  const totals = new Map<string, { before: number; after: number }>();
  for (const { entity, before, after } of uses) {
    const total = totals.get(entity) ?? { before: 0, after: 0 };
    totals.set(entity, { before: total.before + before, after: total.after + after });
  }
  const overall = (linesAfter + 1) / (linesBefore + 1);
  const failing = new Map<string, number>();
  const silent = new Map<string, number>();
  for (const use of uses) {
    const total = totals.get(use.entity) ?? use;
    const known = total.before >= FEWEST_LINES;
    const z = distance(
      use,
      known ? (total.after - use.after + overall) / (total.before - use.before + 1) : overall,
    );
    const own = isPassedOn(use.sample) ? WHEN_PASSED_ON : 1;
    if (z > 0 && use.isError) raise(failing, use.entity, z * own * (known ? 1 : WHEN_UNKNOWN));
    if (z < -LEAST_SILENCE && known && use.before >= FEWEST_OF_MESSAGE) raise(silent, use.entity, -z);
  }
  return { failing, silent };
}

function distance({ before, after }: TemplateUse, ratio: number): number {
  const expected = before * ratio;
  return (after - expected) / Math.sqrt(expected + (before > 0 ? expected ** 2 / before : 0) + 1);
}

function raise(measure: Map<string, number>, entity: string, z: number): void {
  measure.set(entity, Math.max(z, measure.get(entity) ?? 0));
}
