import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { runInContext, type CallContext } from '../tenancy/call-context.js';
import type { CallRequest } from './call-request.js';

const PRINTABLE = /^[\x21-\x7e]{1,128}$/;

/** Responses hold customers' data, and tokens: nobody on the way stores them, and no browser takes them for something else than they say. */
export const PRIVACY_HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };

/** Takes the caller's `X-Request-Id` or creates one, returns it, and passes it on to all work that the call causes. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const call = request as CallRequest;
  call.requestId = requestIdOf(call);
  response.setHeader('X-Request-Id', call.requestId);
  for (const [name, value] of Object.entries(PRIVACY_HEADERS)) response.setHeader(name, value);
  runInContext(callContextOf(call), next);
}

/** The caller's `X-Request-Id` if it is valid, otherwise a new one. */
export function requestIdOf({ headers }: Request): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && PRINTABLE.test(given) ? given : randomUUID();
}

function callContextOf(call: CallRequest): CallContext {
  return {
    correlationId: call.requestId,
    // A getter, because the caller is known only later, when an event is recorded.
    get actor() {
      return call.principal?.id ?? null;
    },
    get tenantId() {
      return call.principal?.tenantId;
    },
  };
}
