import { asTenantId, type TenantId } from '../../domain/ids.js';
import type { LoggedEvent } from '../logged-event.js';

const PREFIX = 'causeflow.events';

export const ALL_EVENTS = `${PREFIX}.>`;

/** `causeflow.events.<tenant>.<type>`; the type has dots of its own. */
export function subjectOf({ tenantId, type }: LoggedEvent): string {
  return `${PREFIX}.${tenantId}.${type}`;
}

export function tenantOf(subject: string): TenantId | undefined {
  return asTenantId(subject.slice(PREFIX.length + 1).split('.', 1)[0] ?? '');
}

/** The event as JSON. Its `data` stays the JSON text that the log holds, so that a reader gets the same bytes either way. */
export function payloadOf(event: LoggedEvent): string {
  return JSON.stringify(event);
}

/** @throws for what somebody else has put into the stream, or a version that told of events otherwise */
export function eventIn(payload: string): LoggedEvent {
  const event = JSON.parse(payload) as Omit<LoggedEvent, 'occurredAt'> & { occurredAt: string };
  const { seq, id, type, data } = event;
  const occurredAt = new Date(event.occurredAt);
  const isOurs = [id, type, data].every((text: unknown) => typeof text === 'string');
  if (!isOurs || !Number.isSafeInteger(seq) || Number.isNaN(occurredAt.getTime()))
    throw new TypeError('It is not an event as this version tells it');
  return { ...event, occurredAt };
}
