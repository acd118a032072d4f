import type { PublicEvent } from '#kernel/events/public-events';

/** How long an EventSource waits before it reconnects. */
const RETRY_MS = 2_000;

export const RETRY_LINE = Buffer.from(`retry: ${RETRY_MS}\n\n`);
export const PING_FRAME = Buffer.from('event: ping\ndata: {}\n\n');

/** Events in SSE wire format. Their data is copied from the log as JSON text, unparsed. */
export function framesOf(events: readonly PublicEvent[]): Buffer {
  return Buffer.from(events.map(frameOf).join(''));
}

export function frameOf(event: PublicEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${envelopeOf(event)}\n\n`;
}

/** The public envelope of an event, on one line. */
export function envelopeOf({ type, timestamp, tenantId, data }: Omit<PublicEvent, 'id'>): string {
  return `{"event":"${type}","timestamp":"${timestamp}","tenantId":"${tenantId}","data":${onOneLine(data)}}`;
}

/** Says that the requested event is no longer kept; everything from the oldest event follows. Has no id. */
export function truncatedFrame(oldestEventId: string | null): Buffer {
  return Buffer.from(`event: stream.truncated\ndata: ${JSON.stringify({ oldestEventId })}\n\n`);
}

/** A line break in JSON text can only be between tokens: inside a string it is escaped. */
function onOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
