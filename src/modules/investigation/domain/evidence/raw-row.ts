import { epochOf } from '#kernel/domain/epoch';
import { lenientText } from '#kernel/domain/lenient-text';
import type { EpochMs } from './evidence.js';

/** An untrusted row: any keys, any values. A Map, so that no key resolves to a property of Object.prototype. */
export type RawRow = ReadonlyMap<string, unknown>;

/** Characters. */
const MAX_TEXT = 64 * 1024;
const MAX_NAME = 500;

/** A string becomes a row with the one field `text`. */
export function rawRow(raw: unknown): RawRow {
  if (typeof raw === 'object' && raw !== null) return new Map(Object.entries(raw));
  return new Map(typeof raw === 'string' && raw !== '' ? [['text', raw]] : []);
}

/** The first of the named fields that holds a non-empty string or a number, as text that PostgreSQL can store. */
export function text(row: RawRow, ...names: readonly string[]): string | undefined {
  return first(row, names, (value) => textOf(value, MAX_TEXT));
}

/** Like `text`, but short: names are put into sentences. */
export function name(row: RawRow, ...names: readonly string[]): string | undefined {
  return first(row, names, (value) => textOf(value, MAX_NAME));
}

function textOf(value: unknown, maxLength: number): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? lenientText(value, maxLength) : undefined;
}

export function texts(row: RawRow, ...names: readonly string[]): readonly string[] | undefined {
  return first(row, names, (value) =>
    Array.isArray(value)
      ? value
          .filter((item): item is string => typeof item === 'string')
          .map((item) => lenientText(item, MAX_TEXT))
      : undefined,
  );
}

export function number(row: RawRow, ...names: readonly string[]): number | undefined {
  return first(row, names, (value) => {
    const read = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return typeof read === 'number' && Number.isFinite(read) ? read : undefined;
  });
}

/** RFC 3339, or epoch in seconds or milliseconds. Times before 1970 are treated as missing. */
export function time(row: RawRow, ...names: readonly string[]): EpochMs | undefined {
  return first(row, names, (value) => {
    const isEpoch = typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value);
    return epochOf(isEpoch ? Number(value) : value);
  });
}

export function oneOf<T extends string>(known: readonly T[], value: string | undefined): T | undefined {
  return known.find((name) => name === value?.toLowerCase());
}

function first<T>(
  row: RawRow,
  names: readonly string[],
  read: (value: unknown) => T | undefined,
): T | undefined {
  for (const name of names) {
    const value = read(row.get(name));
    if (value !== undefined) return value;
  }
  return undefined;
}
