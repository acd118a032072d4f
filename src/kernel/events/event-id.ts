import type { Id } from '../domain/ids.js';

/** After the prefix and the ten digits of the timestamp. Hexadecimal digits are valid digits of a ULID. */
const SEQ_DIGITS = { start: 14, end: 25 };

/**
 * The sequence number in an event id: `append_events` writes it over eleven random digits, so that an event is found by its
 * id without an index of ids. 0, which no event has, for an id without one.
 */
export function seqOf(eventId: Id<'evt'>): number {
  const digits = eventId.slice(SEQ_DIGITS.start, SEQ_DIGITS.end);
  return /^[0-9A-F]+$/.test(digits) ? Number.parseInt(digits, 16) : 0;
}
