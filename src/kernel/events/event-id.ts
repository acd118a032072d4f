import type { Id } from '../domain/ids.js';

/** After the prefix and the ten digits of the time. All hexadecimal digits are digits of a ULID. */
const PLACE = { from: 14, to: 25 };

/**
 * The place in its tenant's log that an event's id tells: `append_events` writes it into eleven of the digits that were
 * random. So an event is found by its id without an index of ids. 0, which is no place, for an id that tells none.
 */
export function seqOf(eventId: Id<'evt'>): number {
  const digits = eventId.slice(PLACE.from, PLACE.to);
  return /^[0-9A-F]+$/.test(digits) ? Number.parseInt(digits, 16) : 0;
}
