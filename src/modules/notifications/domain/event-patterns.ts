import { invalid } from '#kernel/domain/errors';

/** How many names are suggested for a pattern that matches nothing. */
const MAX_SUGGESTIONS = 3;
const MAX_NAME_LENGTH = 50;

/**
 * The event types that patterns (names, `incident.*`, `*`) match, in the order of `published`. A pattern may match none, for
 * example one of an extension that was removed.
 */
export function expandPatterns(patterns: readonly string[], published: readonly string[]): string[] {
  return published.filter((type) => patterns.some((pattern) => matches(pattern, type)));
}

/** @throws Refusal `validation_error` for a pattern that matches no event type */
export function checkPatterns(patterns: readonly string[], published: readonly string[]): void {
  const wrong = patterns.find((pattern) => !published.some((type) => matches(pattern, type)));
  if (wrong === undefined) return;
  const name = wrong.slice(0, MAX_NAME_LENGTH);
  const known = [...published, ...new Set(published.map((type) => `${type.split('.', 1).join()}.*`))];
  throw invalid(
    'events',
    `must be event names or wildcards like incident.*; "${name}" matches no event. Did you mean ` +
      `${closest(name, known).join(', ')}?`,
  );
}

function matches(pattern: string, type: string): boolean {
  if (pattern === '*') return true;
  return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern;
}

function closest(name: string, known: readonly string[]): string[] {
  const distances = new Map(known.map((each) => [each, editDistance(name.toLowerCase(), each)]));
  return [...known]
    .sort((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0))
    .slice(0, MAX_SUGGESTIONS);
}

/** Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 0; row < from.length; row++) {
    const current = [row + 1];
    for (let at = 1; at <= to.length; at++) {
      const substituted = (previous[at - 1] ?? 0) + (to[at - 1] === from[row] ? 0 : 1);
      current.push(Math.min(substituted, (previous[at] ?? 0) + 1, (current[at - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous.at(-1) ?? 0;
}
