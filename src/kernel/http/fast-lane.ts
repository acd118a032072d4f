import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '../config/config.js';
import type { Refusal } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import type { Histogram } from '../metrics/instruments.js';
import { RequestDurations } from '../metrics/request-durations.js';
import { type CallContext, runInContext } from '../tenancy/call-context.js';
import { AccessLog } from './access-log.js';
import type { CallRequest } from './call-request.js';
import { envelopeOf } from './error-envelope.filter.js';
import { LargeBodies, tooManyLargeBodies } from './large-bodies.js';
import type { BodyTaker, TakeableRequest } from './lean-express-adapter.js';
import type { HeaderWriter } from './rate-limiter.js';
import { addPiece, bodyEndedEarly, bodyTooLarge, type RawBodyRequest } from './request-body.js';
import { requestIdOf } from './request-context.js';

export type LaneRequest = CallRequest & RawBodyRequest & TakeableRequest;

/** A public route that gets alert storms. Its controller declares it too, for the API documents and for unusual requests. */
interface Lane {
  /** Matches the normal form of its path; the group is its only parameter. Other spellings take the normal route. */
  readonly path: RegExp;
  /** The same as a template, for the metrics. */
  readonly route: string;
  readonly status: number;
  /** Further statuses that are frequent in a storm: the access log has them, like the accepted ones, at debug level only. */
  readonly usual: readonly number[];
  /** @param answer takes the headers of the response */
  readonly serve: (parameter: string, request: LaneRequest, answer: HeaderWriter) => Promise<object>;
  readonly refusalFrom: (thrown: unknown, request: LaneRequest, response: Response) => Refusal;
}

/**
 * Takes POST requests of one path past Express and Nest's router, guards and pipes, directly to the method of the controller.
 * They get the same as every request: a request id, the context, the raw body, the access log, the metrics, the error
 * envelope. See docs/adr/0010-fast-lane.md.
 */
@Injectable()
export class FastLane {
  readonly maxBodyBytes: number;
  private lane: Lane | undefined;
  private accepted: Histogram | undefined;

  constructor(
    @Inject(Config) { maxBodyBytes }: Config,
    readonly largeBodies: LargeBodies,
    private readonly accessLog: AccessLog,
    private readonly durations: RequestDurations,
  ) {
    this.maxBodyBytes = maxBodyBytes;
  }

  open(lane: Lane): void {
    this.lane = lane;
  }

  /** @returns whether it handles the request; otherwise the request is untouched */
  takes(request: LaneRequest, response: Response): boolean {
    const { lane } = this;
    // A cross-origin request of a browser needs the CORS headers that Express adds.
    if (lane === undefined || request.method !== 'POST' || request.headers.origin !== undefined) return false;
    const parameter = lane.path.exec(request.url)?.[1];
    if (parameter === undefined) return false;
    new LaneCall(this, lane, parameter, request, response).begin();
    return true;
  }

  /** Called when the response is sent. @param startedAt on the process's monotonic clock */
  answered(
    { route, status, usual }: Lane,
    request: LaneRequest,
    response: Response,
    startedAt: number,
  ): void {
    const { statusCode } = response;
    this.accessLog.record(request, response, startedAt, usual.includes(statusCode));
    const histogram =
      statusCode === status
        ? (this.accepted ??= this.durations.histogramOf('POST', route, status))
        : this.durations.histogramOf('POST', route, statusCode);
    histogram.observe((performance.now() - startedAt) / 1000);
  }
}

/** One request: its body, its context, the headers of its response. A single object, because allocations cost throughput. */
class LaneCall implements BodyTaker, CallContext, HeaderWriter {
  readonly correlationId: string;
  private readonly startedAt = performance.now();
  /** Name, value, name, value: the cheapest form for `writeHead`. */
  private readonly headers: string[];
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private bodyIsOver = false;

  constructor(
    private readonly fast: FastLane,
    private readonly lane: Lane,
    private readonly parameter: string,
    private readonly request: LaneRequest,
    private readonly response: Response,
  ) {
    this.correlationId = request.requestId = requestIdOf(request);
    this.headers = ['X-Request-Id', this.correlationId];
  }

  /** A getter, because the caller is known only later, when an event is recorded. */
  get actor(): string | null {
    return this.request.principal?.id ?? null;
  }

  get tenantId(): TenantId | undefined {
    return this.request.principal?.tenantId;
  }

  begin(): void {
    const { maxBodyBytes } = this.fast;
    this.request.taker = this;
    if (Number(this.request.headers['content-length'] ?? 0) > maxBodyBytes)
      this.refuseBody(bodyTooLarge(maxBodyBytes));
  }

  take(chunk: Buffer): void {
    if (this.bodyIsOver) return;
    const { maxBodyBytes, largeBodies } = this.fast;
    this.size += chunk.length;
    if (this.size > maxBodyBytes) this.refuseBody(bodyTooLarge(maxBodyBytes));
    else if (!largeBodies.mayGrow(this.request, this.size)) this.refuseBody(tooManyLargeBodies());
    else addPiece(this.chunks, chunk);
  }

  end(): void {
    if (this.bodyIsOver) return;
    this.endBody();
    const [only] = this.chunks;
    const isWhole = only !== undefined && this.chunks.length === 1;
    this.request.rawBody = isWhole ? only : Buffer.concat(this.chunks, this.size);
    const { lane, parameter, request } = this;
    try {
      runInContext(this, () => lane.serve(parameter, request, this)).then(
        (body) => this.answer(lane.status, body),
        (thrown: unknown) => this.refuse(thrown),
      );
    } catch (thrown) {
      this.refuse(thrown);
    }
  }

  abort(): void {
    if (!this.bodyIsOver) this.refuseBody(bodyEndedEarly());
  }

  setHeader(name: string, value: string | number): void {
    this.headers.push(name, String(value));
  }

  private answer(status: number, body: object): void {
    const text = JSON.stringify(body);
    this.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.setHeader('Content-Length', Buffer.byteLength(text));
    this.response.writeHead(status, this.headers).end(text);
    this.fast.answered(this.lane, this.request, this.response, this.startedAt);
  }

  /**
   * The response is written at the end of this turn of the event loop: a refusal often waits for nothing, and in a storm a turn has many of
   * them. Between two requests, each write would wake a sender.
   */
  private refuse(thrown: unknown): void {
    const refusal = this.lane.refusalFrom(thrown, this.request, this.response);
    if (refusal.retryAfter !== undefined) this.setHeader('Retry-After', refusal.retryAfter);
    setImmediate(() => this.answer(refusal.status, envelopeOf(refusal, this.correlationId)));
  }

  /** The rest of the body is read and dropped, so that the sender can read the response. */
  private refuseBody(why: Refusal): void {
    this.endBody();
    this.chunks.length = 0;
    this.refuse(why);
  }

  private endBody(): void {
    this.bodyIsOver = true;
    this.fast.largeBodies.ended(this.request);
  }
}
