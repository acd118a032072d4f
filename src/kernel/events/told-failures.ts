import type { HandlerFailure } from './awaiting-publisher.js';

const NAMED = 5;

/**
 * Failures as the log is told of them: those of one handler for one reason together. On a full disk a whole page of events
 * fails for the same one, again at each look, and a line for each of them would fill what is left.
 */
export function toldFailures(failures: readonly HandlerFailure[]): { error: unknown; sentence: string }[] {
  const alike = new Map<string, { handler: string; error: unknown; ids: string[] }>();
  for (const { handler, events, error } of failures) {
    const reason = `${handler} ${String(error)}`;
    const told = alike.get(reason) ?? { handler, error, ids: [] };
    told.ids.push(...events.map(({ id }) => id));
    alike.set(reason, told);
  }
  return [...alike.values()].map(({ handler, error, ids }) => {
    const others = ids.length > NAMED ? ` and ${ids.length - NAMED} more` : '';
    return {
      error,
      sentence: `${handler} failed on ${ids.slice(0, NAMED).join(', ')}${others}; it will be tried again`,
    };
  });
}
