import 'reflect-metadata';
import { DECORATORS } from '@nestjs/swagger';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The metadata of a property, from a decorator of `fields.ts`. */
interface Documented extends Record<string, unknown> {
  /** The name of a JSON type, or a function that returns a class. */
  readonly type?: string | (() => new () => object);
  readonly isArray?: boolean;
  readonly maxItems?: number;
  readonly nullable?: boolean;
  readonly required?: boolean;
  readonly example?: unknown;
}

/** The JSON Schema of a class with the decorators of `fields.ts`: without additional properties, nested classes inlined. */
export function jsonSchemaOf(type: new () => object): JsonSchema {
  const prototype = type.prototype as object;
  // Each name in the list has a leading colon.
  const listed = (Reflect.getMetadata(DECORATORS.API_MODEL_PROPERTIES_ARRAY, prototype) ?? []) as string[];
  const fields = listed.map((entry) => {
    const name = entry.slice(1);
    return [
      name,
      Reflect.getMetadata(DECORATORS.API_MODEL_PROPERTIES, prototype, name) as Documented,
    ] as const;
  });
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map(([name, field]) => [name, schemaOf(field)])),
    required: fields.filter(([, { required }]) => required !== false).map(([name]) => name),
    additionalProperties: false,
  };
}

function schemaOf(field: Documented): JsonSchema {
  const { type, isArray, maxItems, nullable, required, example, ...rest } = field;
  const one = typeof type === 'function' ? jsonSchemaOf(type()) : { ...(type !== undefined && { type }) };
  const schema = {
    ...rest,
    ...(example !== undefined && { examples: [example] }),
    ...(maxItems !== undefined && { maxItems }),
    ...(isArray ? { type: 'array', items: one } : one),
  };
  return nullable ? { anyOf: [schema, { type: 'null' }] } : schema;
}
