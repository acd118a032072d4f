/** Untrusted JSON. The readers below return an empty value for a field that is missing or of another type. */
export type Json = unknown;

export type JsonObject = Readonly<Record<string, Json>>;

export function object(json: Json): JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : {};
}

export function list(json: Json): readonly Json[] {
  return Array.isArray(json) ? json : [];
}

/** The value at a path of fields; undefined if any is missing. */
export function at(json: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>((value, field) => object(value)[field], json);
}

/** The first of the fields that is a non-empty string. */
export function optionalText(json: Json, ...fields: readonly string[]): string | undefined {
  for (const field of fields) {
    const value = object(json)[field];
    if (typeof value === 'string' && value !== '') return value;
  }
  return undefined;
}

export function requiredText(json: Json, field: string): string {
  const value = optionalText(json, field);
  if (value === undefined) throw new Error(`A case or manifest entry has no ${field}.`);
  return value;
}

export function numeric(json: Json): number | undefined {
  return typeof json === 'number' && Number.isFinite(json) ? json : undefined;
}

export function numbers(json: Json): readonly (number | undefined)[] {
  return list(json).map(numeric);
}

/** The range of `Date`, in milliseconds before and after the epoch. */
const MAX_DATE_MS = 8.64e15;

/** Epoch milliseconds of an RFC 3339 time or of epoch seconds. */
export function instant(json: Json): number | undefined {
  const ms = typeof json === 'number' ? json * 1000 : Date.parse(typeof json === 'string' ? json : '');
  return Math.abs(ms) <= MAX_DATE_MS ? ms : undefined;
}

/** The rows of `{cols, rows}` as objects. */
export function table(json: Json): readonly JsonObject[] {
  const columns = list(object(json)['cols']).map(String);
  return list(object(json)['rows']).map((row) =>
    Object.fromEntries(list(row).map((value, i) => [columns[i] ?? String(i), value])),
  );
}
