import type { AnyEventClass } from './define-event.js';

const ULID = '01HX9VTPQR3KF8MZWBYD5N6JCE';
const TIMESTAMP = '2026-03-01T12:00:00.000Z';

const idOf = (prefix: string) => ({
  type: 'string',
  pattern: `^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`,
  example: `${prefix}_${ULID}`,
});

/** For a field that holds any of the `eventSchemas`. */
export const PUBLISHED_EVENT = { $ref: '#/components/schemas/PublishedEvent' };

/**
 * The OpenAPI schemas of the public events: one for each, and `PublishedEvent`, the union of them. The payload schemas have the
 * names of their classes.
 */
export function eventSchemas(published: readonly AnyEventClass[]): Record<string, object> {
  const reference = (name: string) => `#/components/schemas/${name}`;
  const mapping = published.map(({ name, definition }) => [definition.type, reference(name)] as const);
  return {
    ...Object.fromEntries(published.map((event) => [event.name, schemaOf(event)])),
    PublishedEvent: {
      description:
        'The field `event` determines the type of `data`. The data of a stream frame has the same fields except `id`',
      oneOf: mapping.map(([, $ref]) => ({ $ref })),
      discriminator: { propertyName: 'event', mapping: Object.fromEntries(mapping) },
    },
  };
}

function schemaOf({ definition: { type, summary, data, example } }: AnyEventClass): object {
  return {
    type: 'object',
    description: summary,
    properties: {
      id: idOf('evt'),
      event: { type: 'string', enum: [type] },
      timestamp: { type: 'string', format: 'date-time', description: 'When the event was committed' },
      tenantId: idOf('ten'),
      data: { $ref: `#/components/schemas/${data.name}` },
    },
    required: ['id', 'event', 'timestamp', 'tenantId', 'data'],
    example: { id: `evt_${ULID}`, event: type, timestamp: TIMESTAMP, tenantId: `ten_${ULID}`, data: example },
  };
}
