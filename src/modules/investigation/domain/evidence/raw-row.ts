import { epochOf } from '#kernel/domain/epoch';
import { lenientText } from '#kernel/domain/lenient-text';
import type { EpochMs } from './evidence.js';

/** A row as somebody else wrote it: any keys, any values. A map, so that no key is a member of every object. */
export type RawRow = ReadonlyMap<string, unknown>;

const MAX_TEXT = 64 * 1024;
const MAX_NAME = 500;

/** What is no object is taken for its text. */
export function rawRow(raw: unknown): RawRow {
  if (typeof raw === 'object' && raw !== null) return new Map(Object.entries(raw));
  return new Map(typeof raw === 'string' && raw !== '' ? [['text', raw]] : []);
}

/** The first of the named fields that holds a text (or a number, which is one) that is not empty, as a database can hold it. */
export function text(row: RawRow, ...names: readonly string[]): string | undefined {
  return first(row, names, (value) => textOf(value, MAX_TEXT));
}

/** The same where a name is expected, which sentences are made with: whatever it is, they stay sentences. */
export function name(row: RawRow, ...names: readonly string[]): string | undefined {
  return first(row, names, (value) => textOf(value, MAX_NAME));
}

function textOf(value: unknown, most: number): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? lenientText(value, most) : undefined;
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

/** RFC 3339, or epoch in seconds or milliseconds; from 1970 on, since from what comes before no run can look back. */
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
