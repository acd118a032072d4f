import { storedSize } from '#kernel/domain/stored-size';
import { parseStrictJson } from '#kernel/http/strict-json';
import type { OutboundAnswer } from '#kernel/net/exchange';

/** Size limit of a step's output. */
const MAX_OUTPUT_BYTES = 64 * 1024;

/** The JSON object of the response; undefined when it is not one. */
export function bodyOf({ body }: OutboundAnswer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** The output unchanged, or the start of its JSON text when it is too large or cannot be stored. */
export function storable(output: unknown): unknown {
  if (output === undefined || output === null) return null;
  const text = jsonOf(output);
  if (text.length > MAX_OUTPUT_BYTES) {
    const start = text.subarray(0, MAX_OUTPUT_BYTES - Buffer.byteLength('…')).toString('utf8');
    // A multi-byte character cut in half has become U+FFFD.
    return `${start.replace(/\uFFFD$/, '')}…`;
  }
  try {
    const kept = parseStrictJson(text);
    return storedSize(kept) > MAX_OUTPUT_BYTES ? text.toString('utf8') : kept;
  } catch {
    return text.toString('utf8');
  }
}

function jsonOf(value: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch {
    // JSON.parse reads any depth, JSON.stringify overflows the stack.
    return Buffer.from('"nested too deeply to be kept"');
  }
}
