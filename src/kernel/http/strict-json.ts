import { isUtf8 } from 'node:buffer';

const BYTE_ORDER_MARK = 0xfeff;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Its message is a sentence for the sender and never quotes the input. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/**
 * Parses JSON that all later stages can process. Refuses, with a clear message, what PostgreSQL cannot store (NUL, lone
 * surrogates), what a double cannot represent (1e999) and what could pollute a prototype (`__proto__`). Drops a leading byte order
 * mark, which some senders on Windows always write.
 *
 * @param limits.maxDepth maximum nesting of arrays and objects, including the outermost
 */
export function parseStrictJson(raw: Buffer, limits: { maxDepth?: number } = {}): unknown {
  if (!isUtf8(raw)) throw new StrictJsonError('The body is not valid UTF-8.');
  let text = raw.toString('utf8');
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  const value = parse(text);
  // In valid UTF-8 and valid JSON, NUL and lone surrogates can only be written as escapes.
  const escaped = text.includes('\\u');
  const rules = {
    maxDepth: limits.maxDepth ?? 100,
    checksTexts: escaped,
    checksKeys: escaped || text.includes('__proto__'),
  };
  inspect(value, 1, rules);
  return value;
}

function parse(text: string): unknown {
  if (text.trim() === '') throw new StrictJsonError('The body is empty; it must be JSON.');
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1];
    const where = position === undefined ? '' : ` (near character ${position})`;
    throw new StrictJsonError(`The body is not valid JSON${where}.`);
  }
}

interface Rules {
  readonly maxDepth: number;
  readonly checksTexts: boolean;
  readonly checksKeys: boolean;
}

/** Stops at the maximum depth: deep nesting is refused, and never overflows the stack. */
function inspect(value: unknown, depth: number, rules: Rules): void {
  if (typeof value === 'string') {
    if (rules.checksTexts) refuseUnstorable(value);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new StrictJsonError('A number in the body is too large for a double.');
  } else if (typeof value === 'object' && value !== null) {
    if (depth > rules.maxDepth)
      throw new StrictJsonError(`The body is nested deeper than ${rules.maxDepth} levels.`);
    if (Array.isArray(value)) {
      for (const item of value) inspect(item, depth + 1, rules);
    } else {
      for (const key in value) {
        if (rules.checksKeys) refuseKey(key);
        inspect((value as Record<string, unknown>)[key], depth + 1, rules);
      }
    }
  }
}

function refuseKey(key: string): void {
  if (key === '__proto__')
    throw new StrictJsonError('The body has a key named __proto__, which is not allowed.');
  refuseUnstorable(key);
}

function refuseUnstorable(text: string): void {
  if (text.includes('\0'))
    throw new StrictJsonError('A text in the body contains a NUL character (\\u0000).');
  if (LONE_SURROGATE.test(text))
    throw new StrictJsonError('A text in the body contains half of a surrogate pair.');
}
