import { STATUS_CODES } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { AnyEventClass } from '../../events/define-event.js';
import { eventSchemas } from '../../events/event-schemas.js';
import { describeBody } from './openapi-bodies.js';
import { addErrors, errorComponents } from './openapi-errors.js';
import { exampleOf, pathExample } from './openapi-examples.js';
import { type HeaderName, HEADERS, headersNamed, LIMITS } from './openapi-headers.js';
import { accessByOperation, SECURITY_SCHEMES, securityFor } from './openapi-security.js';
import { describedTags } from './openapi-tags.js';
import { referToWords } from './openapi-words.js';

const DESCRIPTION = `Self-hosted incident investigation. An alert becomes an incident, is triaged and investigated, and gets a remediation plan
for a person to approve. A resolved incident leaves a failure pattern. Every step is an event, see \`/asyncapi.json\`.

**Errors** have one shape, \`ErrorEnvelope\`, with a stable code in \`error\`. A resource of another tenant is a 404, exactly like
one that does not exist. Any operation may return a 500 or a 503.

**Lists** take \`limit\` (1..100) and \`cursor\`, the \`nextCursor\` of the previous page; \`null\` means the last page.

**Requests** may have an \`X-Request-Id\` of at most 128 printable characters; otherwise one is generated. Every response returns
it. An unknown property in a body is a 400; webhooks ignore it.

**Rate limits** count per tenant and minute; unauthenticated requests count per client address. \`X-RateLimit-Limit\`,
\`X-RateLimit-Remaining\` and \`X-RateLimit-Reset\` (Unix seconds) show the current state. After a 429 or 503, wait for
\`Retry-After\` seconds.

**Texts** contain no NUL. Where a body requires a character, it must not be white space only.

**Ids** are a prefix and a ULID. **Times** are ISO 8601 in UTC.`;

type PathItem = OpenAPIObject['paths'][string];
type Operation = NonNullable<PathItem['get']>;
type Content = Record<string, { schema?: object; example?: unknown; examples?: unknown }>;

/** The OpenAPI 3.1 document of all controllers and published events, in a stable order. */
export function openApiDocument(app: INestApplication, published: readonly AnyEventClass[]): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('CauseFlow')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/');
  for (const [name, scheme] of Object.entries(SECURITY_SCHEMES)) builder.addSecurity(name, scheme);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    autoTagControllers: false,
    extraModels: published.map(({ definition }) => definition.data),
  });
  const accesses = accessByOperation(app);
  const shapes = { ...document.components?.schemas, ...eventSchemas(published) };
  const vocabulary = referToWords({ shapes, paths: document.paths });
  const schemas = sorted({ ...shapes, ...vocabulary });
  for (const [method, operation] of operationsOf(document)) {
    operation.security ??= securityFor(accesses.get(operation.operationId ?? '') ?? {});
    describeBody(operation, schemas);
    describeAnswers(operation);
    addExamples(operation, schemas);
    addErrors(method, operation);
  }
  return {
    ...document,
    tags: describedTags(new Set(operationsOf(document).flatMap(([, { tags = [] }]) => tags))),
    paths: sorted(document.paths),
    components: { ...document.components, schemas, headers: HEADERS, responses: errorComponents() },
  };
}

function operationsOf({ paths }: OpenAPIObject): (readonly [string, Operation])[] {
  const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;
  return Object.values(paths).flatMap((path) =>
    methods.flatMap((method) => (path[method] ? [[method, path[method]] as const] : [])),
  );
}

function describeAnswers({ parameters = [], responses }: Operation): void {
  const isRepeatable = parameters.some(
    (parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key',
  );
  for (const [status, response] of Object.entries(responses)) {
    if (!response || !('description' in response)) continue;
    response.description ||= STATUS_CODES[status] ?? status;
    const names: HeaderName[] = ['X-Request-Id'];
    if ('429' in responses) names.push(...LIMITS);
    if (status === '201') names.push('Location');
    if (isRepeatable) names.push('Idempotent-Replay');
    response.headers = { ...headersNamed(...names), ...response.headers };
  }
}

function addExamples(operation: Operation, schemas: Readonly<Record<string, object>>): void {
  for (const parameter of operation.parameters ?? []) {
    if (!('in' in parameter) || parameter.in !== 'path') continue;
    const { example } = (parameter.schema ?? {}) as { example?: unknown };
    parameter.example ??= example ?? pathExample(parameter.name);
  }
  const bodies = [operation.requestBody, ...Object.values(operation.responses)];
  for (const body of bodies) {
    const content: Content = body && 'content' in body ? body.content : {};
    const json = content['application/json'];
    if (json?.schema && json.example === undefined && json.examples === undefined) {
      json.example = exampleOf(json.schema, schemas);
    }
  }
}

function sorted<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
