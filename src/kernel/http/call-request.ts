import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { ErrorCode } from '../domain/errors.js';
import type { Principal } from './principal.js';

/** A request with what our middleware and guards put on it. */
export interface CallRequest extends Request {
  requestId: string;
  principal?: Principal;
  /** Under which code it was refused, for the access log. */
  refusedAs?: ErrorCode;
  /** What the sender is not told: the reason that whoever refused it was given, for the access log. */
  refusedBecause?: string;
}

/** The caller of a route that is not public. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const { principal } = context.switchToHttp().getRequest<CallRequest>();
  if (!principal) throw new Error('@Caller() stands on a public route');
  return principal;
});
