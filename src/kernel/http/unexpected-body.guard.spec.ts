import { expect, it } from '@jest/globals';
import { Body, type ExecutionContext, Param, RawBody, Req } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { UnexpectedBodyGuard } from './unexpected-body.guard.js';

class Routes {
  whole = (body: unknown): unknown => body;
  bytes = (bytes: unknown): unknown => bytes;
  request = (request: unknown): unknown => request;
  address = (id: unknown): unknown => id;
  caller = (caller: unknown): unknown => caller;
}
Body()(Routes.prototype, 'whole', 0);
RawBody()(Routes.prototype, 'bytes', 0);
Req()(Routes.prototype, 'request', 0);
Param('id')(Routes.prototype, 'address', 0);
// As a custom decorator leaves it, whose name is random.
Reflect.defineMetadata(ROUTE_ARGS_METADATA, { '3fa0b__customRouteArgs__:0': {} }, Routes, 'caller');

const isLetIn = (route: keyof Routes, body: object = { a: 1 }): boolean => {
  const request = { rawBody: Buffer.from(JSON.stringify(body)), body };
  const context = {
    getClass: () => Routes,
    getHandler: () => ({ name: route }),
    switchToHttp: () => ({ getRequest: () => request }),
  };
  return new UnexpectedBodyGuard().canActivate(context as unknown as ExecutionContext);
};

it.each(['whole', 'bytes', 'request'] as const)('lets a body in that the route reads: %s', (route) => {
  expect(isLetIn(route)).toBe(true);
});

it.each(['address', 'caller'] as const)('refuses one that it does not read: %s', (route) => {
  expect(() => isLetIn(route)).toThrow('a is not known here');
});

it('names the first hundred properties of a body that it refuses', () => {
  const body = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`a${n}`, n]));
  expect(() => isLetIn('address', body)).toThrow(/^a0 is not known here; .*; a99 is not known here$/);
});
