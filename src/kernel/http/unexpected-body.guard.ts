import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import { Refusal } from '../domain/errors.js';
import type { RawBodyRequest } from './request-body.js';

/** Routes that take none of these look at no body. */
const READERS: readonly number[] = [RouteParamtypes.BODY, RouteParamtypes.RAW_BODY, RouteParamtypes.REQUEST];

/**
 * Where a route looks at no body, no property is known: whoever sends one must not think that it was heard. A guard, after
 * that of access: an interceptor would keep a stream of its own for each request, and for as long as that is open.
 */
export class UnexpectedBodyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<RawBodyRequest>();
    if (request.rawBody?.length && !isRead(context)) refuseProperties(request.body as object);
    return true;
  }
}

function isRead(context: ExecutionContext): boolean {
  const { name } = context.getHandler();
  const taken = (Reflect.getMetadata(ROUTE_ARGS_METADATA, context.getClass(), name) ?? {}) as object;
  // The keys are a kind and a place, `3:0`; those of custom decorators begin with random hex digits, which may be a 3.
  return Object.keys(taken).some((key) => READERS.includes(Number(key.split(':', 1))));
}

function refuseProperties(body: object): void {
  const details = Object.keys(body).map((field) => ({ field, message: 'is not known here' }));
  if (details.length === 0) return;
  const sentence = details.map(({ field, message }) => `${field} ${message}`).join('; ');
  throw new Refusal('validation_error', sentence, { details });
}
