import { compareText } from '../compare-text.js';
import type { Cited } from '../evidence/evidence-set.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';

/** The first error line of an entity that had logged without errors before. */
export interface ErrorStart {
  readonly entity: string;
  readonly at: EpochMs;
  readonly evidenceIds: readonly string[];
}

const CLEAN_SHARE = 0.35;
const FEWEST_CLEAN_LINES = 3;
const FEWEST_ERRORS = 3;

/**
 * When errors began in a log too short for statistics per minute: the entity wrote at least three lines in the first
 * 35 % of the time up to `until`, none of them an error, and at least three errors since. Earliest first.
 */
export function errorStarts(lines: readonly Cited<LogLine>[], until: EpochMs): ErrorStart[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const end = Math.min(until, last.row.timestamp);
  const clean = first.row.timestamp + (end - first.row.timestamp) * CLEAN_SHARE;
  const entities = new Map<
    string,
    { clean: number; errors: number; at: EpochMs; evidenceIds: Set<string> }
  >();
  for (const { row, evidenceId } of lines) {
    if (row.timestamp > until) break;
    let seen = entities.get(row.entity);
    if (!seen) {
      seen = { clean: 0, errors: 0, at: row.timestamp, evidenceIds: new Set() };
      entities.set(row.entity, seen);
    }
    if (isErrorLike(row.message, row.level)) {
      if (seen.errors === 0) seen.at = row.timestamp;
      seen.errors += 1;
      seen.evidenceIds.add(evidenceId);
    } else if (row.timestamp <= clean) seen.clean += 1;
  }
  return [...entities]
    .filter(([, seen]) => seen.clean >= FEWEST_CLEAN_LINES && seen.errors >= FEWEST_ERRORS && seen.at > clean)
    .map(([entity, { at, evidenceIds }]) => ({ entity, at, evidenceIds: [...evidenceIds] }))
    .sort((a, b) => a.at - b.at || compareText(a.entity, b.entity));
}
