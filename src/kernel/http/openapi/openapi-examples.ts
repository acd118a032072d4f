interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly example?: unknown;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

type Schemas = Readonly<Record<string, object>>;

const ULID = '01HX9VTPQR3KF8MZWBYD5N6JCE';
const PREFIX: Readonly<Record<string, string>> = {
  tenantId: 'ten', userId: 'user', keyId: 'key', incidentId: 'inc', evidenceId: 'evd', investigationId: 'inv',
  remediationId: 'rem', stepId: 'stp', approvalId: 'apr', integrationId: 'int', triggerId: 'trg', patternId: 'ptn',
  subscriptionId: 'whs', deliveryId: 'dlv', changeId: 'chg',
}; // prettier-ignore

/** An example id for a path parameter, by its name. */
export function pathExample(parameter: string): string | undefined {
  const prefix = PREFIX[parameter];
  return prefix && `${prefix}_${ULID}`;
}

/** An example of a schema, composed of the examples of its fields; a field without one gets its simplest valid value. */
export function exampleOf(schema: Schema, schemas: Schemas): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.default !== undefined) return schema.default;
  if (schema.$ref !== undefined) return exampleOf(named(schema.$ref, schemas), schemas);
  if (schema.allOf) return merged(schema.allOf.map((part) => exampleOf(part, schemas)));
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return exampleOf(first, schemas);
  if (schema.enum) return schema.enum[0];
  return plainest(schema, schemas);
}

function plainest(schema: Schema, schemas: Schemas): unknown {
  const types = [schema.type].flat();
  switch (types[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          // Whoever sends the example as it is would get a secret that everybody knows.
          .filter(([name, { format }]) => format !== 'password' || schema.required?.includes(name))
          .map(([name, field]) => [name, exampleOf(field, schemas)]),
      );
    case 'array':
      return schema.items && Object.keys(schema.items).length > 0 ? [exampleOf(schema.items, schemas)] : [];
    case 'integer':
    case 'number':
      return schema.minimum ?? 0;
    case 'boolean':
      return true;
    case 'string':
      return types.includes('null') ? null : plainText(schema);
    default:
      return null;
  }
}

function plainText({ format, minLength = 0 }: Schema): string {
  if (format === 'date-time') return '2026-03-01T12:00:00.000Z';
  if (format === 'password') return 'choose-a-long-one';
  if (format === 'uri') return 'https://example.com/';
  return 'text'.padEnd(minLength, '.');
}

function named(ref: string, schemas: Schemas): Schema {
  return schemas[ref.slice(ref.lastIndexOf('/') + 1)] ?? {};
}

function merged(parts: readonly unknown[]): unknown {
  return parts.length === 1 ? parts[0] : Object.assign({}, ...(parts as object[]));
}
