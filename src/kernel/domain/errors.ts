/** Every error code of the API with its HTTP status. Contract: error envelope. */
export const ERROR_STATUS = {
  validation_error: 400,
  unauthorized: 401,
  invalid_credentials: 401,
  invalid_api_key: 401,
  invalid_signature: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  duplicate_alert: 409,
  invalid_transition: 409,
  already_decided: 409,
  approval_expired: 409,
  already_exists: 409,
  conflict: 409,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  connection_failed: 422,
  idempotency_mismatch: 422,
  rate_limit_exceeded: 429,
  quota_exceeded: 429,
  internal_error: 500,
  service_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

interface Extras {
  readonly details?: readonly FieldFault[];
  /** Further top-level fields of the answer, such as the `incidentId` of a duplicate. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Seconds, for 429 and 503. */
  readonly retryAfter?: number;
  readonly cause?: unknown;
}

/** An expected error with a stable code and a sentence for people. Anything else that is thrown is a 500. */
export class Refusal extends Error {
  readonly details: readonly FieldFault[] | undefined;
  readonly fields: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfter: number | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    extras: Extras = {},
  ) {
    super(message, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.name = 'Refusal';
    this.details = extras.details;
    this.fields = extras.fields;
    this.retryAfter = extras.retryAfter;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** A refusal that comes by the thousand in a storm: without a stack, which would cost more than the rest of the answer. */
export class FrequentRefusal extends Refusal {
  constructor(code: ErrorCode, message: string, extras?: Extras) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message, extras);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** The same message whether it never existed or belongs to another tenant. */
export function notFound(kind: string): Refusal {
  return new Refusal('not_found', `No such ${kind}.`);
}

export function invalid(field: string, message: string): Refusal {
  return new Refusal('validation_error', `${field} ${message}`, { details: [{ field, message }] });
}
