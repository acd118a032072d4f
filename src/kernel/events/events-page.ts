import { jsonSchemaOf } from '../http/json-schema.js';
import type { AnyEventClass } from './define-event.js';

interface Property {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly items?: Property;
  readonly anyOf?: readonly Property[];
}

const HEAD = `# Events

The events of \`GET /v1/notifications/stream\`, of \`GET /v1/notifications/events\` and of the webhooks that
\`POST /v1/webhook-subscriptions\` subscribes to. Every event has the same envelope:

\`\`\`json
{ "event": "<name>", "timestamp": "2026-03-01T12:00:00.000Z", "tenantId": "ten_…", "data": {} }
\`\`\`

How to receive them without missing any: [listening.md](listening.md). This page is generated from the code
(\`npm run docs:generate\`); \`docs/asyncapi.json\` is the machine-readable version.
`;

/** The reference of all public events, as Markdown. */
export function eventsPage(published: readonly AnyEventClass[]): string {
  return [HEAD, ...published.map(section)].join('\n');
}

function section({ definition: { type, summary, data, example } }: AnyEventClass): string {
  const { properties } = jsonSchemaOf(data) as { properties: Record<string, Property> };
  const rows = Object.entries(properties).map(
    ([name, property]) => `| \`${name}\` | ${kindOf(property)} | ${descriptionOf(property)} |`,
  );
  return [
    `## ${type}`,
    '',
    `${summary}.`,
    '',
    '| Field | Type | |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '```json',
    JSON.stringify(example, null, 2),
    '```',
    '',
  ].join('\n');
}

function kindOf({ type, enum: values, format, items, anyOf }: Property): string {
  if (anyOf) return anyOf.map(kindOf).join(' or ');
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (type === 'array') return `list of ${items ? kindOf(items) : 'anything'}`;
  return format === 'date-time' ? 'time' : (type ?? 'anything');
}

function descriptionOf({ description, anyOf = [] }: Property): string {
  return description ?? anyOf.map((choice) => choice.description).find((text) => text !== undefined) ?? '';
}
