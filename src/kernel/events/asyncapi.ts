import { nameOfWords } from '../domain/words.js';
import { type JsonSchema, jsonSchemaOf } from '../http/json-schema.js';
import type { AnyEventClass } from './define-event.js';

const TENANT = 'ten_01HX9VTPQR3KF8MZWBYD5N6JCE';
const TIMESTAMP = '2026-03-01T12:00:00.000Z';

const STREAM = `Server-Sent Events. A frame is \`id: evt_…\`, \`event: <name>\` and \`data: <payload on one line>\`.

Events are totally ordered per tenant, in the order of their commits. \`Last-Event-ID\`, or \`?lastEventId=\`, resumes exactly
after that event; \`0\` starts with the oldest retained event. If that event is no longer retained, a frame \`stream.truncated\` with
\`{"oldestEventId"}\` (null when no event is retained) and without an id comes first. \`ping\` with \`{}\`, also without an id, comes
every 30 seconds, or every \`PING_INTERVAL_SECONDS\`.`;

/** AsyncAPI 3.0 of the stream: a message for each public event of the catalogue, and for each control frame. */
export function asyncApiDocument(published: readonly AnyEventClass[]): object {
  const events = Object.fromEntries(published.map((event) => [event.definition.type, messageOf(event)]));
  const messages = { ...events, ...CONTROL_FRAMES };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'CauseFlow events',
      version: '1',
      description: 'The events from an alert to the resolution of its incident.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      stream: {
        address: '/v1/notifications/stream',
        title: 'Event stream',
        description: STREAM,
        messages: Object.fromEntries(
          Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
        ),
      },
    },
    operations: {
      publishEvents: {
        action: 'send',
        summary: 'Every public event of the tenant, each once, in order',
        ...sends(events),
        security: ['bearerAuth', 'apiKey', 'streamTicket'].map((name) => ({
          $ref: `#/components/securitySchemes/${name}`,
        })),
        bindings: { http: { method: 'GET', query: QUERY, bindingVersion: '0.3.0' } },
      },
      controlStream: {
        action: 'send',
        summary: 'Frames of the stream that carry no event and no id',
        ...sends(CONTROL_FRAMES),
      },
    },
    components: { messages, securitySchemes: SECURITY_SCHEMES },
  };
}

function sends(messages: object): object {
  return {
    channel: { $ref: '#/channels/stream' },
    messages: Object.keys(messages).map((name) => ({ $ref: `#/channels/stream/messages/${name}` })),
  };
}

const CONTROL_FRAMES = {
  ping: {
    name: 'ping',
    title: 'Ping',
    summary: 'The connection is alive',
    contentType: 'application/json',
    payload: { title: 'Ping', type: 'object', additionalProperties: false },
    examples: [{ payload: {} }],
  },
  'stream.truncated': {
    name: 'stream.truncated',
    title: 'StreamTruncated',
    summary: 'The event to resume after is unknown or no longer retained; all retained events follow',
    contentType: 'application/json',
    payload: {
      title: 'StreamTruncated',
      type: 'object',
      properties: {
        oldestEventId: {
          description: 'null when no event is retained',
          anyOf: [{ type: 'string', pattern: '^evt_[0-7][0-9A-HJKMNP-TV-Z]{25}$' }, { type: 'null' }],
        },
      },
      required: ['oldestEventId'],
      additionalProperties: false,
    },
    examples: [{ payload: { oldestEventId: 'evt_01HX9VTPQR3KF8MZWBYD5N6JCE' } }],
  },
};

const QUERY = {
  type: 'object',
  properties: {
    events: { type: 'string', description: 'Names and wildcards like incident.*, separated by commas' },
    incidentId: { type: 'string', description: 'Only events about this incident' },
    lastEventId: { type: 'string', description: 'Resume after this event; `Last-Event-ID` takes precedence' },
    ticket: { type: 'string', description: 'A stream ticket instead of `Authorization`' },
  },
};

const SECURITY_SCHEMES = {
  bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
  apiKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'An API key with the scope `events:read`, instead of a token.',
  },
  streamTicket: {
    type: 'httpApiKey',
    in: 'query',
    name: 'ticket',
    description: 'A single-use ticket of `POST /v1/notifications/stream-tickets`.',
  },
};

/** Adds a title to every schema that becomes a type of a generated client; without one generators number them. */
function titled(title: string, schema: JsonSchema): JsonSchema {
  const { enum: list, properties } = schema as Typed;
  if (list) return { title: nameOfWords(list) ?? title, ...schema };
  if (!properties) return schema;
  const inner = Object.entries(properties).map(
    ([name, property]) =>
      [name, titled(title + name.charAt(0).toUpperCase() + name.slice(1), property)] as const,
  );
  return { title, ...schema, properties: Object.fromEntries(inner) };
}

interface Typed {
  readonly enum?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** The payload in its envelope, as in the `data:` of a frame and the body of a webhook. */
function messageOf({ name, definition: { type, summary, data, example } }: AnyEventClass): object {
  return {
    name: type,
    title: name,
    summary,
    contentType: 'application/json',
    payload: {
      title: name,
      type: 'object',
      properties: {
        event: { type: 'string', const: type },
        timestamp: { type: 'string', format: 'date-time', description: 'When the event was committed' },
        tenantId: { type: 'string', pattern: '^ten_[0-7][0-9A-HJKMNP-TV-Z]{25}$' },
        data: titled(data.name, jsonSchemaOf(data)),
      },
      required: ['event', 'timestamp', 'tenantId', 'data'],
      additionalProperties: false,
    },
    examples: [{ payload: { event: type, timestamp: TIMESTAMP, tenantId: TENANT, data: example } }],
  };
}
