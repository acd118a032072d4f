/** The number of bytes that PostgreSQL writes for JSON of a jsonb column: `1e+308` and `1e-7` with all of their zeros. */
export function storedSize(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value)) + zerosIn(value);
}

function zerosIn(value: unknown): number {
  if (typeof value === 'number') return zerosOf(value);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce((sum: number, inner) => sum + zerosIn(inner), 0);
}

function zerosOf(value: number): number {
  const size = Math.abs(value);
  const isWrittenOut = value === 0 || (size >= 1e-6 && size < 1e21);
  return isWrittenOut ? 0 : Math.abs(Math.log10(size));
}
