import { epochOf } from '#kernel/domain/epoch';

/** Readers for JSON that somebody else wrote: what is not there or of another type is nothing, never an error. */

export function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A number that is one. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

/** A time; none before 1970. */
export function momentOf(value: unknown): Date | undefined {
  const moment = typeof value === 'string' ? epochOf(value) : undefined;
  return moment === undefined ? undefined : new Date(moment);
}
