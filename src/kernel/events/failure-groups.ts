import type { HandlerFailure } from './awaiting-publisher.js';

const MAX_IDS = 5;

/**
 * Groups failures by handler and reason into one log message each. On a full disk a whole page of events fails for the same
 * reason, at each try, and a line for each event would fill what is left.
 */
export function groupFailures(failures: readonly HandlerFailure[]): { error: unknown; message: string }[] {
  const groups = new Map<string, { handler: string; error: unknown; ids: string[] }>();
  for (const { handler, events, error } of failures) {
    const key = `${handler} ${String(error)}`;
    const group = groups.get(key) ?? { handler, error, ids: [] };
    group.ids.push(...events.map(({ id }) => id));
    groups.set(key, group);
  }
  return [...groups.values()].map(({ handler, error, ids }) => {
    const others = ids.length > MAX_IDS ? ` and ${ids.length - MAX_IDS} more` : '';
    return {
      error,
      message: `${handler} failed on ${ids.slice(0, MAX_IDS).join(', ')}${others}; it will be retried`,
    };
  });
}
