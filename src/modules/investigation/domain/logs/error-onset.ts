import { compareText } from '../compare-text.js';
import type { Cited } from '../evidence/cited.js';
import type { EpochMs, LogLine } from '../evidence/evidence.js';
import { isErrorLike } from './log-severity.js';

/** The first error of an entity that logged without errors before. */
export interface ErrorOnset {
  readonly entity: string;
  readonly at: EpochMs;
  readonly evidenceIds: readonly string[];
}

/** Share of the time up to `until` that forms the baseline window. */
const BASELINE_SHARE = 0.35;
const MIN_BASELINE_LINES = 3;
const MIN_ERRORS = 3;

/**
 * When errors began in a log that is too short for statistics per minute. An entity counts if it wrote at least three
 * lines in the baseline window (the first 35 % of the time up to `until`), none of them an error, and at least three
 * errors after it.
 * @param lines oldest first
 * @returns earliest first
 */
export function errorOnsets(lines: readonly Cited<LogLine>[], until: EpochMs): ErrorOnset[] {
  const first = lines[0];
  const last = lines.at(-1);
  if (!first || !last) return [];
  const end = Math.min(until, last.row.timestamp);
  const baselineEnd = first.row.timestamp + (end - first.row.timestamp) * BASELINE_SHARE;
  const entities = new Map<
    string,
    { baselineLines: number; errors: number; at: EpochMs; evidenceIds: Set<string> }
  >();
  for (const { row, evidenceId } of lines) {
    if (row.timestamp > until) break;
    let seen = entities.get(row.entity);
    if (!seen) {
      seen = { baselineLines: 0, errors: 0, at: row.timestamp, evidenceIds: new Set() };
      entities.set(row.entity, seen);
    }
    if (isErrorLike(row.message, row.level)) {
      if (seen.errors === 0) seen.at = row.timestamp;
      seen.errors += 1;
      seen.evidenceIds.add(evidenceId);
    } else if (row.timestamp <= baselineEnd) seen.baselineLines += 1;
  }
  return [...entities]
    .filter(
      ([, seen]) =>
        seen.baselineLines >= MIN_BASELINE_LINES && seen.errors >= MIN_ERRORS && seen.at > baselineEnd,
    )
    .map(([entity, { at, evidenceIds }]) => ({ entity, at, evidenceIds: [...evidenceIds] }))
    .sort((a, b) => a.at - b.at || compareText(a.entity, b.entity));
}
