import type { ToldEvent } from '#kernel/events/told-events';

/** How long an EventSource waits before it comes back. */
const RETRY_MS = 2_000;

export const RETRY_LINE = Buffer.from(`retry: ${RETRY_MS}\n\n`);
export const PING_FRAME = Buffer.from('event: ping\ndata: {}\n\n');

/** Events as they go over the wire. The JSON text of the data is passed on as it lies in the log, unparsed. */
export function framesOf(events: readonly ToldEvent[]): Buffer {
  return Buffer.from(events.map(frameOf).join(''));
}

export function frameOf(event: ToldEvent): string {
  return `id: ${event.id}\nevent: ${event.type}\ndata: ${envelopeOf(event)}\n\n`;
}

/** An event as everybody outside is told it, on one line. */
export function envelopeOf({ type, timestamp, tenantId, data }: Omit<ToldEvent, 'id'>): string {
  return `{"event":"${type}","timestamp":"${timestamp}","tenantId":"${tenantId}","data":${onOneLine(data)}}`;
}

/** Says that the place asked for is not in the log any more; what follows is everything from the oldest. No id. */
export function truncatedFrame(oldestEventId: string | null): Buffer {
  return Buffer.from(`event: stream.truncated\ndata: ${JSON.stringify({ oldestEventId })}\n\n`);
}

/** A line break in JSON text can only stand between its tokens: inside a string it is escaped. */
function onOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
