import { nameOfWords } from '../../domain/words.js';

interface Choice extends Record<string, unknown> {
  readonly enum: readonly (string | null)[];
}

/** Keywords whose content is values, not schemas. */
export const VALUES = new Set(['example', 'examples', 'default', 'enum']);

/**
 * Moves each named enumeration to one schema, and makes all fields that take it refer to that schema. Inlined, it would be a separate
 * type in a generated client for each field.
 * @param root is modified in place
 * @returns the schemas, by name
 */
export function referToWords(root: object): Record<string, object> {
  const schemas: Record<string, object> = {};
  const visit = (node: Record<string, unknown>): void => {
    for (const [key, inner] of Object.entries(node)) {
      if (VALUES.has(key) || typeof inner !== 'object' || inner === null) continue;
      const list = isChoice(inner) ? inner.enum.filter((word) => word !== null) : [];
      const name = nameOfWords(list);
      if (name === undefined) {
        visit(inner as Record<string, unknown>);
        continue;
      }
      schemas[name] = { type: 'string', enum: list };
      node[key] = referenceTo(name, inner as Choice);
    }
  };
  visit(root as Record<string, unknown>);
  return schemas;
}

function isChoice(schema: object): schema is Choice {
  return 'enum' in schema && Array.isArray(schema.enum);
}

/** A reference with the keywords of this field only: a description, a default. */
function referenceTo(name: string, { type: _, enum: list, ...own }: Choice): object {
  const reference = { $ref: `#/components/schemas/${name}` };
  if (list.includes(null)) return { ...own, anyOf: [reference, { type: 'null' }] };
  return Object.keys(own).length > 0 ? { ...own, allOf: [reference] } : reference;
}
