import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { runInContext, type CallContext } from '../tenancy/call-context.js';
import type { CallRequest } from './call-request.js';

const PRINTABLE = /^[\x21-\x7e]{1,128}$/;

/** Takes the caller's `X-Request-Id` or makes one, echoes it, and lets it follow all work that the call leads to. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const call = request as CallRequest;
  call.requestId = requestIdOf(call);
  response.setHeader('X-Request-Id', call.requestId);
  runInContext(callContextOf(call), next);
}

/** The caller's own `X-Request-Id` where it can be one, or a new one. */
export function requestIdOf({ headers }: Request): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && PRINTABLE.test(given) ? given : randomUUID();
}

function callContextOf(call: CallRequest): CallContext {
  return {
    correlationId: call.requestId,
    // Read when an event is recorded: the caller is known by then, and not yet here.
    get actor() {
      return call.principal?.id ?? null;
    },
  };
}
