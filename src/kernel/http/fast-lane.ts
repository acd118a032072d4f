import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '../config/config.js';
import { RequestDurations } from '../metrics/request-durations.js';
import { runInContext } from '../tenancy/call-context.js';
import { AccessLog } from './access-log.js';
import type { CallRequest } from './call-request.js';
import { readBody, type RawBodyRequest } from './request-body.js';
import { callContextOf, nameRequest } from './request-context.js';

export type LaneRequest = CallRequest & RawBodyRequest;

/** A public route that storms come through. It stays declared in its controller, for the documents and for odd requests. */
interface Lane {
  /** Fits the plain form of its addresses; the group is its one parameter. What is written otherwise goes the usual way. */
  readonly path: RegExp;
  /** The same as a template, for the metrics. */
  readonly route: string;
  readonly status: number;
  readonly serve: (parameter: string, request: LaneRequest, response: Response) => Promise<object>;
  readonly refuse: (thrown: unknown, request: LaneRequest, response: Response) => void;
}

/**
 * Leads POSTs to one address past Express and Nest's router, guards and pipes, straight to the method of the controller.
 * What every request gets, it gets here too: a request id, the context, the body as it came, the access log, the metrics,
 * the error envelope. See docs/adr/0010-fast-lane.md.
 */
@Injectable()
export class FastLane {
  private lane: Lane | undefined;

  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly accessLog: AccessLog,
    private readonly durations: RequestDurations,
  ) {}

  open(lane: Lane): void {
    this.lane = lane;
  }

  /** @returns whether it took the request; otherwise nothing was touched */
  takes(request: LaneRequest, response: Response): boolean {
    const { lane } = this;
    // A browser of another origin needs what Express adds.
    if (lane === undefined || request.method !== 'POST' || request.headers.origin !== undefined) return false;
    const parameter = lane.path.exec(request.url)?.[1];
    if (parameter === undefined) return false;
    void this.serve(lane, parameter, request, response);
    return true;
  }

  private async serve(
    lane: Lane,
    parameter: string,
    request: LaneRequest,
    response: Response,
  ): Promise<void> {
    const startedAt = performance.now();
    // As Express does it: its methods for answering, which refusals use, need the one from the other.
    request.res = response;
    nameRequest(request, response);
    response.once('finish', () => {
      this.accessLog.tell(request, response, startedAt);
      this.durations.observe(request.method, lane.route, response.statusCode, startedAt);
    });
    try {
      request.rawBody = await readBody(request, this.config.maxBodyBytes);
      const serve = (): Promise<object> => lane.serve(parameter, request, response);
      const text = JSON.stringify(await runInContext(callContextOf(request), serve));
      response.statusCode = lane.status;
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
      response.setHeader('Content-Length', Buffer.byteLength(text));
      response.end(text);
    } catch (thrown) {
      lane.refuse(thrown, request, response);
    }
  }
}
