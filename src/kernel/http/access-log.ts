import { Logger } from '@nestjs/common';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import type { CallRequest } from './call-request.js';

/** One line a request: refusals and failures always, the rest at debug level. Paths only, since queries carry tickets. */
export function accessLog(): RequestHandler {
  const log = new Logger('http');
  return (request: Request, response: Response, next: NextFunction) => {
    const started = performance.now();
    response.on('finish', () => {
      const { requestId, principal } = request as CallRequest;
      const line = {
        requestId,
        method: request.method,
        path: request.path,
        status: response.statusCode,
        durationMs: Math.round(performance.now() - started),
        ...(principal && { tenantId: principal.tenantId, caller: principal.id }),
      };
      if (response.statusCode >= 400) log.log(line, 'request refused');
      else log.debug(line, 'request');
    });
    next();
  };
}
