import { asTenantId, type TenantId } from '../../domain/ids.js';
import type { LoggedEvent } from '../logged-event.js';

const PREFIX = 'causeflow.events';

export const ALL_EVENTS = `${PREFIX}.>`;

/** `causeflow.events.<tenant>.<type>`; the type itself contains dots. */
export function subjectOf({ tenantId, type }: LoggedEvent): string {
  return `${PREFIX}.${tenantId}.${type}`;
}

export function tenantOf(subject: string): TenantId | undefined {
  return asTenantId(subject.slice(PREFIX.length + 1).split('.', 1)[0] ?? '');
}

/** The event as JSON. `data` stays a string of JSON text, so that clients get the same bytes over NATS and from the log. */
export function payloadOf(event: LoggedEvent): string {
  return JSON.stringify(event);
}

/** @throws for a message of another program, or of a version with another format */
export function parseEvent(payload: string): LoggedEvent {
  const event = JSON.parse(payload) as Omit<LoggedEvent, 'occurredAt'> & { occurredAt: string };
  const { seq, id, type, data } = event;
  const occurredAt = new Date(event.occurredAt);
  const hasStrings = [id, type, data].every((text: unknown) => typeof text === 'string');
  if (!hasStrings || !Number.isSafeInteger(seq) || Number.isNaN(occurredAt.getTime()))
    throw new TypeError('The message is not an event in the format of this version');
  return { ...event, occurredAt };
}
