import {
  Catch,
  HttpException,
  Logger,
  NotFoundException,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { finished } from 'node:stream';
import type { Response } from 'express';
import { type ErrorCode, Refusal } from '../domain/errors.js';
import { DatabaseDownError } from '../persistence/database-errors.js';
import { KnownMethods } from './known-methods.js';
import type { CallRequest } from './call-request.js';
import { LONGEST_DETAIL, LONGEST_MESSAGE } from './error-docs.js';

const OUTAGE_TOLD_EVERY_MS = 1_000;
const LONGEST_REASON = 300;

/** Turns everything that is thrown into the error envelope. Unexpected errors reveal nothing. */
@Catch()
export class ErrorEnvelopeFilter implements ExceptionFilter {
  private readonly log = new Logger('http');
  private outageToldAt = -Infinity;

  constructor(private readonly known: KnownMethods) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, response] = [http.getRequest<CallRequest>(), http.getResponse<Response>()];
    const refusal = this.refusalFrom(thrown, request, response);
    if (response.headersSent) {
      // Part of the response is sent already: only closing the connection tells the client that it is incomplete.
      response.destroy();
      return;
    }
    if (refusal.retryAfter !== undefined) response.setHeader('Retry-After', String(refusal.retryAfter));
    const answer = () => response.status(refusal.status).json(envelopeOf(refusal, request.requestId));
    if (response.shouldKeepAlive || request.complete) answer();
    // A connection that ends with the response takes no rest, and a sender that writes everything first would not get to read.
    else finished(request.resume(), answer);
  }

  /** May set a header on the response. */
  refusalFrom(thrown: unknown, request: CallRequest, response: Response): Refusal {
    const refusal = this.asRefusal(thrown, request, response);
    request.refusedAs = refusal.code;
    if (refusal.cause instanceof Error)
      request.refusedBecause = refusal.cause.message.slice(0, LONGEST_REASON);
    return refusal;
  }

  private asRefusal(thrown: unknown, request: CallRequest, response: Response): Refusal {
    if (thrown instanceof Refusal) return thrown;
    // If the request reached a controller, an extension threw it, not Nest's router.
    if (thrown instanceof NotFoundException && !reachedController(request))
      return this.noSuchRoute(request, response);
    if (thrown instanceof HttpException) return fromNest(thrown);
    if (isClientFault(thrown)) return new Refusal('validation_error', 'The request could not be read.');
    if (thrown instanceof DatabaseDownError) {
      this.tellOutage(thrown);
      return new Refusal('service_unavailable', 'Try again in a moment.', { retryAfter: 2 });
    }
    this.log.error({ err: thrown, requestId: request.requestId }, `${request.method} ${request.path} failed`);
    return new Refusal('internal_error', 'Something went wrong on our side.');
  }

  /** Once a second at most: every request has its line in the access log, and the same cause for each would fill the disk. */
  private tellOutage(err: DatabaseDownError): void {
    const now = performance.now();
    if (now - this.outageToldAt < OUTAGE_TOLD_EVERY_MS) return;
    this.outageToldAt = now;
    this.log.error({ err }, 'PostgreSQL cannot serve; requests that need it are refused with 503');
  }

  private noSuchRoute(request: CallRequest, response: Response): Refusal {
    const methods = this.known.of(request.path);
    if (methods.length === 0) return new Refusal('not_found', 'There is nothing at this address.');
    response.setHeader('Allow', methods.join(', '));
    return new Refusal('method_not_allowed', `This address takes ${methods.join(', ')}.`);
  }
}

/** The body of every error. */
export function envelopeOf({ code, message, fields, details }: Refusal, requestId: string): object {
  return {
    error: code,
    message: cut(message, LONGEST_MESSAGE),
    ...fields,
    requestId,
    ...(details && {
      details: details.map((fault) => ({
        field: cut(fault.field, LONGEST_DETAIL),
        message: cut(fault.message, LONGEST_DETAIL),
      })),
    }),
  };
}

/** Never between the halves of a surrogate pair, which many JSON parsers refuse. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const CODE_OF: Partial<Record<number, ErrorCode>> = {
  400: 'validation_error',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
  412: 'precondition_failed',
  413: 'payload_too_large',
  415: 'unsupported_media_type',
  429: 'rate_limit_exceeded',
  503: 'service_unavailable',
};

function fromNest(thrown: HttpException): Refusal {
  const code =
    CODE_OF[thrown.getStatus()] ?? (thrown.getStatus() < 500 ? 'validation_error' : 'internal_error');
  return new Refusal(code, thrown.message);
}

/** Express sets any route of the path for a HEAD request, but only a GET route answers it. */
function reachedController({ method, route }: CallRequest): boolean {
  const found = route as { methods: Record<string, boolean> } | undefined;
  return found !== undefined && (method !== 'HEAD' || found.methods['get'] === true);
}

/** Express and Node set a 4xx `status` on errors of the client, such as an invalid percent-encoding in the URL. */
function isClientFault(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  const { status } = thrown as Error & { status?: unknown };
  return typeof status === 'number' && status >= 400 && status < 500;
}
