const names = new Map<string, string>();

/**
 * A closed set of words, and what it is called. The API documents show one schema of that name wherever a field takes them, so
 * that a generated client has one type for them and not one for each field.
 */
export function words<const List extends readonly string[]>(name: string, list: List): List {
  names.set(keyOf(list), name);
  return list;
}

/** What a set of words is called, when it has a name. */
export function nameOfWords(list: readonly string[]): string | undefined {
  return names.get(keyOf(list));
}

function keyOf(list: readonly string[]): string {
  return list.join('|');
}
