import { isId } from '#kernel/domain/ids';

/** How many triggers may fire one after the other, each on what the one before it led to. */
const MAX_DEPTH = 3;

/*
 * What a trigger leads to bears its id behind the correlation id of what fired it, with a space between them. Events and
 * jobs hand the correlation id on, so whatever comes of it later, by whichever module, still names every trigger on the
 * way. A caller's X-Request-Id, which is where a correlation id starts, cannot hold a space.
 */
function chainOf(correlationId: string | null): string[] {
  const [, ...triggers] = (correlationId ?? '').split(' ');
  return triggers.filter((id) => isId('trg', id));
}

/** Not on what it led to itself, and not at the end of a long chain. */
export function mayFire(triggerId: string, correlationId: string | null): boolean {
  const chain = chainOf(correlationId);
  return chain.length < MAX_DEPTH && !chain.includes(triggerId);
}

export function ledToBy(triggerId: string, correlationId: string | null): string {
  return `${correlationId ?? ''} ${triggerId}`;
}
