import type { OpenAPIObject } from '@nestjs/swagger';
import { VALUES } from './openapi-words.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schemas = Readonly<Record<string, object>>;

/**
 * @nestjs/swagger uses one schema for all media types of a body, marks each body as required, and leaves its objects open. Here media
 * types other than JSON are texts, a body whose fields are all optional is optional, and its objects have no further properties.
 */
export function describeBody({ requestBody, security = [] }: Operation, schemas: Schemas): void {
  if (!requestBody || !('content' in requestBody)) return;
  // A webhook keeps what it does not know.
  const isWebhook = security.some((scheme) => 'webhookKey' in scheme);
  for (const [type, body] of Object.entries(requestBody.content)) {
    if (type !== 'application/json') body.schema = { type: 'string' };
    else if (body.schema && '$ref' in body.schema) {
      const named = namedBy(body.schema.$ref, schemas);
      requestBody.required = named !== undefined && 'required' in named;
      if (named && !isWebhook) close(named, schemas);
    }
  }
}

/** `FieldPipe` refuses unknown properties, also those of the objects in it. */
function close(schema: object, schemas: Schemas): void {
  if ('properties' in schema) {
    if ('additionalProperties' in schema) return;
    Object.assign(schema, { additionalProperties: false });
  }
  for (const [keyword, inner] of Object.entries(schema) as [string, unknown][]) {
    const part = keyword === '$ref' ? namedBy(String(inner), schemas) : inner;
    if (!VALUES.has(keyword) && typeof part === 'object' && part !== null) close(part, schemas);
  }
}

function namedBy(reference: string, schemas: Schemas): object | undefined {
  return schemas[reference.slice(reference.lastIndexOf('/') + 1)];
}
