import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Answer } from './api.js';

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: string }[];
  readonly requestBody?: { readonly content: Content; readonly required?: boolean };
  readonly responses: Readonly<
    Record<string, { readonly $ref?: string; readonly content?: Content; readonly headers?: Content }>
  >;
}

type Content = Readonly<Record<string, { readonly schema: object; readonly example?: unknown }>>;

interface OpenApiDocument {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Omit<Operation, 'method' | 'path'>>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { properties?: object; additionalProperties?: unknown }>>;
    readonly responses: Readonly<Record<string, { readonly content: Content }>>;
    readonly securitySchemes: Readonly<Record<string, object>>;
  };
}

/** The OpenAPI document of a server, and checks of responses against it. */
export class OpenApi {
  readonly operations: readonly Operation[];
  private readonly ajv = addFormats.default(new Ajv2020({ allErrors: true, strict: false }));

  constructor(readonly document: OpenApiDocument) {
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        method: method.toUpperCase(),
        path,
      })),
    );
    // A client may ignore unknown fields, but here an undocumented field is a fault.
    const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [
      name,
      schema.properties ? { additionalProperties: false, ...schema } : schema,
    ]);
    this.ajv.addSchema({ $id: 'openapi', components: { schemas: Object.fromEntries(schemas) as object } });
  }

  static async of(url: string): Promise<OpenApi> {
    return new OpenApi((await (await fetch(`${url}/openapi.json`)).json()) as OpenApiDocument);
  }

  operation(operationId: string): Operation {
    const found = this.operations.find((operation) => operation.operationId === operationId);
    if (!found) throw new Error(`There is no operation ${operationId}`);
    return found;
  }

  /** The path of an operation, with the example of each parameter or the value given for it. */
  address({ path, parameters = [] }: Operation, values: Readonly<Record<string, string>> = {}): string {
    return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const example = parameters.find(
        (parameter) => parameter.in === 'path' && parameter.name === name,
      )?.example;
      return values[name] ?? example ?? 'x';
    });
  }

  /** The faults of a response of an operation. */
  faultsOf(operationId: string, { status, body }: Pick<Answer<unknown>, 'status' | 'body'>): string[] {
    const { responses } = this.operation(operationId);
    const response = responses[String(status)];
    if (!response) return [`${operationId} does not say that it answers ${status}`];
    const { content } = response.$ref ? this.shared(response.$ref) : response;
    const schema = content?.['application/json']?.schema;
    if (!schema) return body === '' ? [] : [`${operationId} does not say what ${status} holds`];
    return this.faultsIn(schema, body);
  }

  /** The faults of a value, by a schema of the document. */
  faultsIn(schema: object, value: unknown): string[] {
    const rooted = JSON.parse(
      JSON.stringify(schema).replaceAll('"#/components', '"openapi#/components'),
    ) as object;
    const validate = this.ajv.compile(rooted);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`);
  }

  /** The schema that a reference leads to. */
  named({ $ref = '' }: { readonly $ref?: string }): { readonly additionalProperties?: unknown } {
    return this.document.components.schemas[$ref.slice($ref.lastIndexOf('/') + 1)] ?? {};
  }

  shared(ref: string): { readonly content: Content } {
    const response = this.document.components.responses[ref.slice(ref.lastIndexOf('/') + 1)];
    if (!response) throw new Error(`${ref} leads nowhere`);
    return response;
  }
}
