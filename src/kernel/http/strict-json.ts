import { isUtf8 } from 'node:buffer';

const BYTE_ORDER_MARK = 0xfeff;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Its message is a sentence for the sender and never quotes what was sent. */
export class StrictJsonError extends Error {
  override readonly name = 'StrictJsonError';
}

/**
 * JSON that every later stage can hold: what PostgreSQL cannot store (NUL, lone surrogates), what a double cannot
 * (1e999) and what could poison an object (`__proto__`) is refused here, in a sentence, instead of failing there.
 * A leading byte order mark is dropped, since some senders on Windows cannot help writing one.
 *
 * @param limits.maxDepth how many arrays and objects may lie inside each other, the outermost included
 */
export function parseStrictJson(raw: Buffer, limits: { maxDepth?: number } = {}): unknown {
  if (!isUtf8(raw)) throw new StrictJsonError('The body is not valid UTF-8.');
  let text = raw.toString('utf8');
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1);
  const value = parse(text);
  // In valid UTF-8 and valid JSON, NUL and lone surrogates can only be written as escapes.
  const escaped = text.includes('\\u');
  inspect(value, limits.maxDepth ?? 100, escaped, escaped || text.includes('__proto__'));
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

/** Level by level instead of recursively: deep nesting must be an answer, not a stack overflow. */
function inspect(root: unknown, maxDepth: number, checkTexts: boolean, checkKeys: boolean): void {
  let level: object[] = [];
  const visit = (value: unknown) => {
    if (typeof value === 'string') {
      if (checkTexts) refuseUnstorable(value);
    } else if (typeof value === 'number') {
      if (!Number.isFinite(value))
        throw new StrictJsonError('A number in the body is too large for a double.');
    } else if (typeof value === 'object' && value !== null) {
      level.push(value);
    }
  };

  visit(root);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > maxDepth) throw new StrictJsonError(`The body is nested deeper than ${maxDepth} levels.`);
    const containers = level;
    level = [];
    for (const container of containers) {
      if (checkKeys && !Array.isArray(container)) Object.keys(container).forEach(refuseKey);
      for (const value of Array.isArray(container) ? container : Object.values(container)) visit(value);
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
