import { Inject, Injectable, Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { Config } from '../config/config.js';
import type { CallRequest } from './call-request.js';

/** Of a path. The longest of a route is shorter; strangers must not fill the disk. */
const MAX_PATH = 500;

/** One line per request: refusals and failures always, the rest at debug level. Paths only, because queries contain tickets. */
@Injectable()
export class AccessLog {
  private readonly log = new Logger('http');
  private readonly logsAll: boolean;

  constructor(@Inject(Config) { logLevel }: Config) {
    this.logsAll = logLevel === 'debug' || logLevel === 'trace';
  }

  readonly middleware = (request: Request, response: Response, next: NextFunction): void => {
    const startedAt = performance.now();
    response.on('finish', () => this.record(request as CallRequest, response, startedAt));
    next();
  };

  /**
   * @param startedAt on the process's monotonic clock
   * @param isUsual logs the request at debug level, whatever its status
   */
  record(request: CallRequest, { statusCode }: Response, startedAt: number, isUsual = false): void {
    const refused = statusCode >= 400 && !isUsual;
    if (!refused && !this.logsAll) return;
    const { requestId, principal, method, path, refusedAs, refusedBecause } = request;
    const line = {
      requestId,
      method,
      path: path.slice(0, MAX_PATH),
      status: statusCode,
      ...(refusedAs && { error: refusedAs }),
      ...(refusedBecause && { because: refusedBecause }),
      durationMs: Math.round(performance.now() - startedAt),
      ...(principal && { tenantId: principal.tenantId, caller: principal.id }),
    };
    if (refused) this.log.log(line, 'request refused');
    else this.log.debug(line, 'request');
  }
}
