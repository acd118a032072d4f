import type { OpenAPIObject } from '@nestjs/swagger';

type Components = NonNullable<OpenAPIObject['components']>;
type Headers = NonNullable<Components['headers']>;

const text = { schema: { type: 'string' } } as const;
const integer = { schema: { type: 'integer' } } as const;

/** Response headers that clients read. */
export const HEADERS = {
  'X-Request-Id': { ...text, description: 'The id sent with the request, or a generated one' },
  'X-RateLimit-Limit': { ...integer, description: 'Allowed calls per minute' },
  'X-RateLimit-Remaining': { ...integer, description: 'Remaining calls in this minute' },
  'X-RateLimit-Reset': { ...integer, description: 'End of the minute, in Unix seconds' },
  'Retry-After': { ...integer, description: 'Seconds to wait before a retry' },
  Location: { ...text, description: 'URL of the created resource, if it is stored' },
  'Idempotent-Replay': {
    schema: { type: 'string', enum: ['true'] },
    description: 'Present when this is the response to an earlier request with the same `Idempotency-Key`',
  },
  'WWW-Authenticate': {
    ...text,
    description: 'Present when the `Authorization` header was missing or invalid',
  },
  Allow: { ...text, description: 'The methods that this path supports' },
} satisfies Headers;

export type HeaderName = keyof typeof HEADERS;

/** On every response that counts against a rate limit, unless the installation has none. */
export const LIMITS = ['X-RateLimit-Limit', 'X-RateLimit-Remaining', 'X-RateLimit-Reset'] as const;

export function headersNamed(...names: HeaderName[]): Headers {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
