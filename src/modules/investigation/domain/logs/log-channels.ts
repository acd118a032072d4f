import { isPassedOn } from './log-severity.js';
import type { LogComparison } from './log-comparison.js';
import { poissonDistance } from '../poisson-distance.js';

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
 * after) / (other lines before)`. So neither a longer window nor more traffic looks like trouble.
 */
export function logChannels({ uses, byEntity, linesBefore, linesAfter }: LogComparison): LogChannels {
  const overall = (linesAfter + 1) / (linesBefore + 1);
  const failing = new Map<string, number>();
  const silent = new Map<string, number>();
  for (const use of uses) {
    const total = byEntity.get(use.entity) ?? use;
    const known = total.before >= FEWEST_LINES;
    const ratio = known ? (total.after - use.after + overall) / (total.before - use.before + 1) : overall;
    const z = poissonDistance(use.after, use.before * ratio, use.before);
    const own = isPassedOn(use.sample) ? WHEN_PASSED_ON : 1;
    if (z > 0 && use.isError) raise(failing, use.entity, z * own * (known ? 1 : WHEN_UNKNOWN));
    if (z < -LEAST_SILENCE && known && use.before >= FEWEST_OF_MESSAGE) raise(silent, use.entity, -z);
  }
  return { failing, silent };
}

function raise(measure: Map<string, number>, entity: string, z: number): void {
  measure.set(entity, Math.max(z, measure.get(entity) ?? 0));
}
