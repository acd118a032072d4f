import { lenientText } from '#kernel/domain/lenient-text';
import type { PulledRow } from '../api.js';

const LONGEST_TEXT = 64 * 1024;
const MOST_TEXTS = 500;

/**
 * A row as the database can hold it: no NUL, no half characters, no endless texts, no numbers that are none. What a client
 * took for a text because the other side should have sent one, and is none, is left out.
 */
export function storableRow(row: PulledRow): PulledRow {
  const kept: Record<string, PulledRow[string]> = {};
  for (const [key, value] of Object.entries(row)) {
    if (typeof value === 'string') kept[key] = lenientText(value, LONGEST_TEXT);
    else if (Array.isArray(value))
      kept[key] = value
        .filter(isText)
        .slice(0, MOST_TEXTS)
        .map((text) => lenientText(text, 1000));
    else if (typeof value === 'boolean' || value === null || Number.isFinite(value)) kept[key] = value;
  }
  return kept;
}

/** About how many characters it takes. */
export function sizeOf(row: PulledRow): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + 16 + (Array.isArray(value) ? value.join().length : String(value).length),
    0,
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
