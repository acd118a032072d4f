import { lenientText } from '#kernel/domain/lenient-text';
import type { PulledRow } from '../api.js';

const MAX_TEXT = 64 * 1024;
const MAX_TEXTS = 500;

/**
 * A row as the database can hold it: no NUL, no lone surrogates, no overlong strings, no NaN. Values of another type than the
 * client library declares are dropped.
 */
export function storableRow(row: PulledRow): PulledRow {
  const kept: Record<string, PulledRow[string]> = {};
  for (const [key, value] of Object.entries(row)) {
    if (typeof value === 'string') kept[key] = lenientText(value, MAX_TEXT);
    else if (Array.isArray(value))
      kept[key] = value
        .filter(isText)
        .slice(0, MAX_TEXTS)
        .map((text) => lenientText(text, 1000));
    else if (typeof value === 'boolean' || value === null || Number.isFinite(value)) kept[key] = value;
  }
  return kept;
}

/** Its approximate size in characters. */
export function sizeOf(row: PulledRow): number {
  return Object.values(row).reduce<number>(
    (sum, value) => sum + 16 + (Array.isArray(value) ? value.join().length : String(value).length),
    0,
  );
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
