import { isId } from '#kernel/domain/ids';

/** How many triggers may fire in a chain, each on an effect of the one before. */
const MAX_DEPTH = 3;

/*
 * The effects of a trigger have its id appended to the correlation id of the event that fired it, after a space. Events and jobs
 * propagate the correlation id, so every later effect, in any module, names all triggers on the way. A caller's X-Request-Id,
 * which is where a correlation id starts, cannot contain a space.
 */
function chainOf(correlationId: string | null): string[] {
  const [, ...triggers] = (correlationId ?? '').split(' ');
  return triggers.filter((id) => isId('trg', id));
}

/** Whether an event was caused by a trigger, directly or not. */
export function isEffect(correlationId: string | null): boolean {
  return chainOf(correlationId).length > 0;
}

/** Not on its own effects, and not beyond the maximum depth. */
export function mayFire(triggerId: string, correlationId: string | null): boolean {
  const chain = chainOf(correlationId);
  return chain.length < MAX_DEPTH && !chain.includes(triggerId);
}

export function ledToBy(triggerId: string, correlationId: string | null): string {
  return `${correlationId ?? ''} ${triggerId}`;
}
