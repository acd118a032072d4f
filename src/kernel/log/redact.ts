import { types } from 'node:util';

/** A text field whose name contains one of these is secret; counts such as `inputTokens: 12` are not. */
const SECRET_NAME =
  /authorization|api-?_?key|cookie|password|secret|token|credential|private-?_?key|encryption-?_?key/i;
/** Bodies contain customers' data and are never logged; parameters of queries contain the same data. */
const BODY_NAME = /^(raw)?(body|payload|parameters)$/i;
const MAX_DEPTH = 6;

/** Secrets inside texts. Every pattern runs in time linear in the text: strangers choose the path of a request, which is logged. */
const SECRET_TEXTS: readonly [RegExp, string][] = [
  [/\bcflo_[0-9a-f]{8,}/gi, 'cflo_[redacted]'],
  [/\bwhsec_[\w+/=-]+/g, 'whsec_[redacted]'],
  [/\b(Bearer|Basic) [\w.~+/=-]{8,}/gi, '$1 [redacted]'],
  [/\beyJ[\w.-]+/g, '[redacted token]'],
  [/(:\/\/[^\s:/@"\\]*):[^\s/"\\]*@/g, '$1:[redacted]@'],
  [/(\/v1\/webhooks\/[^/?\s"\\]+\/[^/?\s"\\]+\/)[^/?\s"\\]+/gi, '$1[redacted]'],
  [/([?&](?:ticket|token|access_token|secret|key)=)[^&\s"\\]+/gi, '$1[redacted]'],
];

/** Never adds a quote or a backslash, so a line of JSON stays valid. */
export function redactText(text: string): string {
  return SECRET_TEXTS.reduce(
    (redacted, [pattern, replacement]) => redacted.replace(pattern, replacement),
    text,
  );
}

/** Also for errors of another realm, such as a worker thread's or a test's. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

/** A redacted copy, at any depth; the original is not changed. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return copy(fields, 0) as Record<string, unknown>;
}

function copy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isError(value)) return describeError(value, depth);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, field(name, item, depth)]));
}

function field(name: string, value: unknown, depth: number): unknown {
  if (value === undefined || value === null) return value;
  if (BODY_NAME.test(name)) return '[omitted]';
  if (SECRET_NAME.test(name) && typeof value !== 'number' && typeof value !== 'boolean') return '[redacted]';
  return copy(value, depth + 1);
}

/** Only the standard properties: libraries attach requests, query parameters and whole responses to their errors. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const { code, errors } = error as { code?: unknown; errors?: unknown };
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    stack: error.stack,
    ...(isError(error.cause) && depth < MAX_DEPTH ? { cause: describeError(error.cause, depth + 1) } : {}),
    ...(Array.isArray(errors) && depth < MAX_DEPTH
      ? { errors: errors.slice(0, 10).map((inner) => copy(inner, depth + 1)) }
      : {}),
  };
}
