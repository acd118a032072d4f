import type { EvidenceQuestion } from '../api.js';

/** A part of a window, in ms since 1970; `end` is not in it. */
export interface Slice {
  readonly start: number;
  readonly end: number;
}

/**
 * A window in equal slices, each read up to a limit of its own, so that one noisy minute does not displace the quiet ones that it
 * must be compared with.
 */
export function slicesOf({ from, to }: EvidenceQuestion, count: number): Slice[] {
  const [start, end] = [from.getTime(), to.getTime() + 1];
  const at = (part: number) => Math.round(start + ((end - start) * part) / count);
  return Array.from({ length: count }, (_, part) => ({ start: at(part), end: at(part + 1) }));
}

export function isoRange({ from, to }: EvidenceQuestion): string {
  return `from ${from.toISOString()} to ${to.toISOString()}`;
}
