const DIGIT = /\d/;
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<UUID>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?/g, '<TIME>'],
  [/\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?\b/g, '<IP>'],
  [/\b0x[0-9a-f]+\b/gi, '<HEX>'],
  // A long run of hex digits with at least one decimal digit: a hash or an id, not a word such as `deadbeef` in prose.
  [/\b(?=[a-f]{0,64}\d)[0-9a-f]{8,}\b/gi, '<HEX>'],
];
const PATH = /(?<![\w/<])(?:\/[\w.@%+~-]+){2,}\/?/g;
// One or two digits behind a letter belong to a name (`p99`, `http2`); three and more are a number there too (`user4711`).
const NUMBER = /(?<![A-Za-z_<\d])[+-]?\d+(?:[.,]\d+)*|\d{3,}/g;

/**
 * Replaces what varies from one occurrence of a message to the next by its kind: UUID, time, IP address, hex id,
 * path, number. Every pattern runs in time linear in the text.
 */
export function maskVariables(text: string): string {
  let masked = text;
  const digits = DIGIT.test(text);
  if (digits) for (const [pattern, name] of MASKS) masked = masked.replace(pattern, name);
  if (masked.includes('/')) masked = masked.replace(PATH, '<PATH>');
  return digits ? masked.replace(NUMBER, '<NUM>') : masked;
}
