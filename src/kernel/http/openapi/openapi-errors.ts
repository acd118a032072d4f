import type { OpenAPIObject } from '@nestjs/swagger';
import { ERROR_STATUS, type ErrorCode } from '../../domain/errors.js';
import { headersNamed, LIMITS } from './openapi-headers.js';

type Responses = NonNullable<NonNullable<OpenAPIObject['components']>['responses']>;
type Response = Exclude<Responses[string], { $ref: string }>;

/** An example message of each code. */
const SENTENCES: Readonly<Record<ErrorCode, string>> = {
  validation_error: 'title must not be blank',
  unauthorized: 'Sign in: the request carries no valid token.',
  invalid_credentials: 'The e-mail address or the password is wrong.',
  invalid_api_key: 'The API key is not valid.',
  invalid_signature: 'The signature does not match the body.',
  forbidden: 'Only admins of the tenant may do this.',
  not_found: 'No such incident.',
  method_not_allowed: 'This address takes GET, POST.',
  duplicate_alert: "An incident with sourceAlertId 'alert-98765' already exists.",
  invalid_transition: 'An incident that is closed cannot be set to resolved; allowed: open.',
  already_decided: 'This plan has already been decided: it is approved.',
  approval_expired: 'The time to decide on this plan has run out.',
  already_exists: 'An account with this e-mail address already exists.',
  conflict: 'An investigation of this incident is under way.',
  precondition_failed: 'The incident has changed since you read it.',
  payload_too_large: 'The body is larger than 1048576 bytes.',
  unsupported_media_type: 'Send the body as application/json.',
  connection_failed: 'The call to Prometheus failed: timed out after 10 s.',
  idempotency_mismatch: 'This Idempotency-Key was used with another body.',
  rate_limit_exceeded: 'Too many requests; try again in 12 s.',
  quota_exceeded: 'There are 100 triggers already; delete one first.',
  internal_error: 'Something went wrong on our side.',
  service_unavailable: 'Try again in a moment.',
};

const FAULT = { details: [{ field: 'title', message: 'must not be blank' }] };
const FIELDS: Readonly<Partial<Record<ErrorCode, object>>> = {
  validation_error: FAULT,
  duplicate_alert: { incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE' },
  invalid_transition: { from: 'closed', to: 'resolved', allowed: ['open'] },
};

const OWN_HEADERS = {
  401: ['WWW-Authenticate'],
  405: ['Allow'],
  429: ['Retry-After'],
  503: ['Retry-After'],
} as const;

/** The error responses shared by all operations, one per status, with an example of each code. */
export function errorComponents(): Responses {
  const statuses = [...new Set(Object.values(ERROR_STATUS))];
  return Object.fromEntries(statuses.map((status) => [nameOf(status), componentFor(status)]));
}

interface Fallible {
  readonly parameters?: readonly object[];
  readonly security?: readonly object[];
  responses: Record<string, Responses[string] | undefined>;
}

/** Adds the errors that every such operation can return, and refers to the shared responses for all its errors. */
export function addErrors(method: string, operation: Fallible): void {
  const own = Object.entries(operation.responses);
  const isError = ([, response]: (typeof own)[number]): boolean =>
    JSON.stringify(response ?? {}).includes('#/components/schemas/ErrorEnvelope');
  const statuses = [
    ...own.filter(isError).map(([status]) => Number(status)),
    // A webhook never returns 403: a key without the scope is an invalid key there.
    ...(operation.security?.some((scheme) => 'bearerAuth' in scheme) ? [401, 403] : []),
    // Bodies are read whether or not the operation takes one, and parameters can be invalid.
    ...(method === 'get' ? [] : [400, 413, 415]),
    ...(operation.parameters?.length ? [400] : []),
    500,
    503,
  ];
  const errors = [...new Set(statuses)].sort((a, b) => a - b);
  operation.responses = {
    ...Object.fromEntries(own.filter((entry) => !isError(entry))),
    ...Object.fromEntries(
      errors.map((status) => [status, { $ref: `#/components/responses/${nameOf(status)}` }]),
    ),
  };
}

function nameOf(status: number): string {
  return `Error${status}`;
}

function componentFor(status: number): Response {
  const codes = (Object.keys(ERROR_STATUS) as ErrorCode[]).filter((code) => ERROR_STATUS[code] === status);
  const own = status in OWN_HEADERS ? OWN_HEADERS[status as keyof typeof OWN_HEADERS] : [];
  return {
    description: codes.map((code) => `\`${code}\``).join(', '),
    headers: headersNamed('X-Request-Id', ...LIMITS, ...own),
    content: {
      'application/json': {
        schema: { $ref: '#/components/schemas/ErrorEnvelope' },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleFor(code) }])),
      },
    },
  };
}

function exampleFor(code: ErrorCode): object {
  const requestId = '1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed';
  return { error: code, message: SENTENCES[code], requestId, ...FIELDS[code] };
}
