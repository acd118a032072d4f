import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum';
import type { RawBodyRequest } from './request-body.js';
import { invalidFields } from './validation.js';

/** A route without any of these parameters does not read the body. */
const READERS: readonly number[] = [RouteParamtypes.BODY, RouteParamtypes.RAW_BODY, RouteParamtypes.REQUEST];

/**
 * Refuses a body on a route that does not read it, so that the sender does not believe it had an effect. A guard (it runs after the
 * access guard), because an interceptor would cost an observable per request, for as long as an event stream is open.
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
  // Keys are `<kind>:<index>`, such as `3:0`; those of custom decorators begin with random hex digits, possibly a 3.
  return Object.keys(taken).some((key) => READERS.includes(Number(key.split(':', 1))));
}

function refuseProperties(body: object): void {
  const details = Object.keys(body).map((field) => ({ field, message: 'is not known here' }));
  if (details.length > 0) throw invalidFields(details);
}
