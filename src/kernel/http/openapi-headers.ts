import type { OpenAPIObject } from '@nestjs/swagger';

type Components = NonNullable<OpenAPIObject['components']>;
type Headers = NonNullable<Components['headers']>;

const text = { schema: { type: 'string' } } as const;
const integer = { schema: { type: 'integer' } } as const;

/** What programs read in the headers of answers. */
export const HEADERS = {
  'X-Request-Id': { ...text, description: 'The one that was sent, or one that was made' },
  'X-RateLimit-Limit': { ...integer, description: 'Calls per minute' },
  'X-RateLimit-Remaining': { ...integer, description: 'How many of them are left' },
  'X-RateLimit-Reset': { ...integer, description: 'When the minute ends, in Unix seconds' },
  'Retry-After': { ...integer, description: 'Seconds' },
  Location: { ...text, description: 'Where it is read, if it is kept' },
  'Idempotent-Replay': {
    schema: { type: 'string', enum: ['true'] },
    description: 'There when this is the answer to an earlier request with the same `Idempotency-Key`',
  },
  'WWW-Authenticate': {
    ...text,
    description: 'There when the `Authorization` header was missing or no good',
  },
  Allow: { ...text, description: 'The methods that the address takes' },
} satisfies Headers;

export type HeaderName = keyof typeof HEADERS;

/** Where a caller stands; on every answer that counts against a limit, unless the installation has none. */
export const LIMITS = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'] as const;

export function headersNamed(...names: HeaderName[]): Headers {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
