import type { EpochMs } from './evidence/evidence.js';

/** `14:02 UTC`. */
export function clockTime(at: EpochMs): string {
  const date = new Date(at);
  // A time beyond the range of Date, from a broken source, must not throw here.
  return Number.isNaN(date.getTime()) ? 'an unknown time' : `${date.toISOString().slice(11, 16)} UTC`;
}

/** A number with its noun, singular or plural: `1 line`, `412 lines`, `2 services with errors`. */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${amount(n)} ${n === 1 ? singular : plural}`;
}

/** `less than a minute`, `1 minute`, `6 minutes`, `3.5 hours`. */
export function duration(ms: number): string {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return count(minutes, 'minute');
  const hours = Math.round(minutes / 6) / 10;
  return hours < 48 ? count(hours, 'hour') : count(Math.round(hours / 24), 'day');
}

/** At most three significant digits, thousands with a comma: `0.0312`, `41.2`, `12,300`. */
export function amount(value: number): string {
  if (!Number.isFinite(value)) return 'no number';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return grouped(String(value));
  const rounded = Number(value.toPrecision(3));
  const text = String(rounded);
  return /e/.test(text) ? text : grouped(text);
}

/** `41 %`. */
export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** `a`, `a and b`, `a, b and c`, `a, b and 7 more`. */
export function listed(names: readonly string[], max = 3): string {
  const shown = names.slice(0, max);
  if (names.length > max) return `${shown.join(', ')} and ${String(names.length - max)} more`;
  if (shown.length < 2) return shown.join('');
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}

/** At most `length` UTF-16 code units, without splitting a surrogate pair, which databases and models reject. */
export function beginning(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

/** Like `beginning`, with `…` as the last character of a truncated text. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${beginning(text, length - 1)}…`;
}

/** Like `cut`, with white space collapsed to one line. */
export function shortened(text: string, length = 160): string {
  return cut(text.replaceAll(/\s+/g, ' ').trim(), length);
}

function grouped(digits: string): string {
  const [whole = '', ...rest] = digits.split('.');
  return [whole.replaceAll(/\B(?=(\d{3})+$)/g, ','), ...rest].join('.');
}
