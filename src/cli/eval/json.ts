/** Somebody else's JSON, read field by field: what is not there, or not of the kind asked for, is empty. */
export type Json = unknown;

export type JsonObject = Readonly<Record<string, Json>>;

export function object(json: Json): JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonObject) : {};
}

export function list(json: Json): readonly Json[] {
  return Array.isArray(json) ? json : [];
}

/** The value at the end of a path of fields. */
export function at(json: Json, ...path: readonly string[]): Json {
  return path.reduce<Json>((value, field) => object(value)[field], json);
}

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

/** Beyond it, on either side, there are no dates. */
const LAST_MOMENT = 8.64e15;

/** RFC 3339, or epoch seconds, as ms. */
export function instant(json: Json): number | undefined {
  const ms =
    typeof json === 'number' ? json * 1000 : typeof json === 'string' ? Date.parse(json) : Number.NaN;
  return Math.abs(ms) <= LAST_MOMENT ? ms : undefined;
}

/** `{cols, rows}` as objects. */
export function table(json: Json): readonly JsonObject[] {
  const columns = list(object(json)['cols']).map(String);
  return list(object(json)['rows']).map((row) =>
    Object.fromEntries(list(row).map((value, i) => [columns[i] ?? String(i), value])),
  );
}
