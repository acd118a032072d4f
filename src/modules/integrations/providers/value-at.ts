/**
 * The value at the names of a path, such as `labels.app.kubernetes.io/name`. A name may have dots itself: the longest name that is
 * there is taken. Entries of lists are numbered from 0. Inherited properties are not found.
 */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  if (path.length === 0) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (let length = path.length; length > 0; length -= 1) {
    const name = path.slice(0, length).join('.');
    if (Object.hasOwn(value, name))
      return valueAt((value as Record<string, unknown>)[name], path.slice(length));
  }
  return undefined;
}
