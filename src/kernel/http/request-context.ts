import { randomUUID } from 'node:crypto';
import type { NextFunction, Request, Response } from 'express';
import { runInContext, type CallContext } from '../tenancy/call-context.js';
import type { CallRequest } from './call-request.js';

const PRINTABLE = /^[\x21-\x7e]{1,128}$/;

/** Takes the caller's `X-Request-Id` or makes one, echoes it, and lets it follow all work that the call leads to. */
export function requestContext(request: Request, response: Response, next: NextFunction): void {
  const call = request as CallRequest;
  nameRequest(call, response);
  runInContext(callContextOf(call), next);
}

export function nameRequest(call: CallRequest, response: Response): void {
  const given = call.headers['x-request-id'];
  call.requestId = typeof given === 'string' && PRINTABLE.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', call.requestId);
}

export function callContextOf(call: CallRequest): CallContext {
  return {
    correlationId: call.requestId,
    // Read when an event is recorded: the caller is known by then, and not yet here.
    get actor() {
      return call.principal?.id ?? null;
    },
  };
}
