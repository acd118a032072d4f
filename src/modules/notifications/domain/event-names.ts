import { invalid } from '#kernel/domain/errors';

/** How many names are proposed in the place of one that fits nothing. */
const PROPOSALS = 3;
const LONGEST_NAME = 50;

/**
 * The events that names and wildcards (`*`, `incident.*`) stand for, in the order of `published`. One that fits no event,
 * say of an extension that was taken out, stands for none.
 */
export function eventsNamed(names: readonly string[], published: readonly string[]): string[] {
  return published.filter((type) => names.some((name) => fits(name, type)));
}

/** @throws Refusal `validation_error` for a name that fits no event */
export function checkNames(names: readonly string[], published: readonly string[]): void {
  const wrong = names.find((name) => !published.some((type) => fits(name, type)));
  if (wrong === undefined) return;
  const name = wrong.slice(0, LONGEST_NAME);
  const known = [...published, ...new Set(published.map((type) => `${type.split('.', 1).join()}.*`))];
  throw invalid(
    'events',
    `must be names of events or wildcards like incident.*; "${name}" fits no event. Near to it are ` +
      nearest(name, known).join(', '),
  );
}

function fits(name: string, type: string): boolean {
  return name === '*' || (name.endsWith('.*') ? type.startsWith(name.slice(0, -1)) : type === name);
}

function nearest(name: string, known: readonly string[]): string[] {
  const far = new Map(known.map((each) => [each, distance(name.toLowerCase(), each)]));
  return [...known].sort((a, b) => (far.get(a) ?? 0) - (far.get(b) ?? 0)).slice(0, PROPOSALS);
}

/** How many characters have to be put in, taken out or changed to make one text of another (Levenshtein). */
function distance(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 0; row < from.length; row++) {
    const now = [row + 1];
    for (let at = 1; at <= to.length; at++) {
      const kept = (before[at - 1] ?? 0) + (to[at - 1] === from[row] ? 0 : 1);
      now.push(Math.min(kept, (before[at] ?? 0) + 1, (now[at - 1] ?? 0) + 1));
    }
    before = now;
  }
  return before.at(-1) ?? 0;
}
