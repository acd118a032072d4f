const names = new Map<string, string>();

/**
 * Names an enumeration. The API documents have one schema of that name for all fields that take it, so that a generated client has one
 * type instead of one per field.
 */
export function words<const List extends readonly string[]>(name: string, list: List): List {
  names.set(keyOf(list), name);
  return list;
}

/** The name of an enumeration, if it has one. */
export function nameOfWords(list: readonly string[]): string | undefined {
  return names.get(keyOf(list));
}

function keyOf(list: readonly string[]): string {
  return list.join('|');
}
