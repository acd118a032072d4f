/** What a field may hold instead of what the tool's documents promise. */
const ODD: readonly unknown[] = [
  null, true, 0, -1, 1e308, 9_007_199_254_740_993, '', ' ', 'null', 'constructor', '__proto__', '\u0000', '\ud800', 'x'.repeat(10_000),
  [], [null], {}, { toString: 1, valueOf: 1 }, JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('['.repeat(50_000) + ']'.repeat(50_000)),
]; // prettier-ignore

/** The body with each of its fields left out, and with each odd value in the place of each field, at any depth. */
export function* mutationsOf(body: unknown): Generator {
  yield* ODD;
  if (typeof body !== 'object' || body === null) return;
  for (const [key, value] of Object.entries(body)) {
    const others = Object.entries(body).filter(([name]) => name !== key);
    const holding = (odd: unknown): unknown =>
      Array.isArray(body)
        ? body.map((one: unknown, at) => (String(at) === key ? odd : one))
        : Object.fromEntries([...others, [key, odd]]);
    if (!Array.isArray(body)) yield Object.fromEntries(others);
    for (const odd of mutationsOf(value)) yield holding(odd);
  }
}
