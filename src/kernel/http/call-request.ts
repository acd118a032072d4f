import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { ErrorCode } from '../domain/errors.js';
import type { Principal } from './principal.js';

/** A request with the properties that our middleware and guards set. */
export interface CallRequest extends Request {
  requestId: string;
  principal?: Principal;
  /** The error code of its refusal, for the access log. */
  refusedAs?: ErrorCode;
  /** The cause of its refusal, for the access log only; the sender does not see it. */
  refusedBecause?: string;
}

/** The caller of a route that is not public. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<CallRequest>();
  if (!principal) throw new Error('@Caller() is used on a public route');
  return principal;
});
