import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '../config/config.js';
import type { Refusal } from '../domain/errors.js';
import type { TenantId } from '../domain/ids.js';
import { RequestDurations } from '../metrics/request-durations.js';
import { type CallContext, runInContext } from '../tenancy/call-context.js';
import { AccessLog } from './access-log.js';
import type { CallRequest } from './call-request.js';
import { envelopeOf } from './error-envelope.filter.js';
import { LargeBodies, tooManyLargeBodies } from './large-bodies.js';
import type { BodyTaker, TakeableRequest } from './lean-express-adapter.js';
import type { HeaderWriter } from './rate-limiter.js';
import {
  addPiece,
  bodyEndedEarly,
  bodyTooLarge,
  EMPTY,
  joined,
  type RawBodyRequest,
} from './request-body.js';
import { PRIVACY_HEADERS, requestIdOf } from './request-context.js';

const PRIVACY = Object.entries(PRIVACY_HEADERS).flat();

export type LaneRequest = CallRequest & RawBodyRequest & TakeableRequest;

/** A public route that gets alert storms. Its controller declares it too, for the API documents and for unusual requests. */
interface Lane {
  /** Matches the normal form of its path; the groups are its parameters. Other spellings take the normal route. */
  readonly path: RegExp;
  /** The same as a template, for the metrics. */
  readonly route: string;
  readonly status: number;
  /** Further statuses that are frequent in a storm: the access log has them, like the accepted ones, at debug level only. */
  readonly usual: readonly number[];
  /**
   * @param answer takes the headers of the response
   * @returns the body; undefined for a 200 without one
   */
  readonly serve: (
    request: LaneRequest,
    answer: HeaderWriter,
    ...parameters: string[]
  ) => Promise<object | undefined>;
  readonly refusalFrom: (thrown: unknown, request: LaneRequest, response: Response) => Refusal;
}

/**
 * Takes POST requests of a few paths past Express and Nest's router, guards and pipes, directly to the methods of their controllers.
 * They get the same as every request: a request id, the context, the raw body, the access log, the metrics, the error
 * envelope. See docs/adr/0010-fast-lane.md.
 */
@Injectable()
export class FastLane {
  readonly maxBodyBytes: number;
  private readonly lanes: Lane[] = [];

  constructor(
    @Inject(Config) { maxBodyBytes }: Config,
    readonly largeBodies: LargeBodies,
    private readonly accessLog: AccessLog,
    private readonly durations: RequestDurations,
  ) {
    this.maxBodyBytes = maxBodyBytes;
  }

  /** Of two lanes that match a path, the first one takes it. */
  open(lane: Lane): void {
    this.lanes.push(lane);
  }

  /** @returns whether it handles the request; otherwise the request is untouched */
  takes(request: LaneRequest, response: Response): boolean {
    // A cross-origin request of a browser needs the CORS headers that Express adds.
    if (request.method !== 'POST' || request.headers.origin !== undefined) return false;
    for (const lane of this.lanes) {
      const match = lane.path.exec(request.url);
      if (match === null) continue;
      new LaneCall(this, lane, match.slice(1), request, response).begin();
      return true;
    }
    return false;
  }

  /** Called when the response is sent. @param startedAt on the process's monotonic clock */
  answered({ route, usual }: Lane, request: LaneRequest, response: Response, startedAt: number): void {
    const { statusCode } = response;
    this.accessLog.record(request, response, startedAt, usual.includes(statusCode));
    const seconds = (performance.now() - startedAt) / 1000;
    this.durations.histogramOf('POST', route, statusCode).observe(seconds);
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
  /** Of the body, until it is told. */
  private refusal: Refusal | undefined;

  constructor(
    private readonly fast: FastLane,
    private readonly lane: Lane,
    private readonly parameters: readonly string[],
    private readonly request: LaneRequest,
    private readonly response: Response,
  ) {
    this.correlationId = request.requestId = requestIdOf(request);
    // As Express does when it has found the route of a request.
    request.route = { path: lane.route, methods: { post: true } };
    this.headers = ['X-Request-Id', this.correlationId, ...PRIVACY];
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
    if (this.bodyIsOver) {
      this.tellRefusal();
      return;
    }
    this.endBody();
    this.request.rawBody = joined(this.chunks, this.size);
    const { lane, parameters, request } = this;
    try {
      runInContext(this, () => lane.serve(request, this, ...parameters)).then(
        (body) => this.answer(body ? lane.status : 200, body),
        (thrown: unknown) => this.refuse(thrown),
      );
    } catch (thrown) {
      this.refuse(thrown);
    }
  }

  abort(): void {
    if (!this.bodyIsOver) this.refuseBody(bodyEndedEarly());
    this.tellRefusal();
  }

  setHeader(name: string, value: string | number): void {
    this.headers.push(name, String(value));
  }

  private answer(status: number, body: object | undefined): void {
    const text = body ? JSON.stringify(body) : '';
    if (body) this.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.setHeader('Content-Length', Buffer.byteLength(text));
    this.response.writeHead(status, this.headers).end(text);
    // An idle connection keeps its last request, and anybody may open many.
    this.request.rawBody = EMPTY;
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
    this.refusal = why;
    // A connection that ends with the response takes no rest, and a sender that writes everything first would not get to read.
    if (this.response.shouldKeepAlive) this.tellRefusal();
  }

  private tellRefusal(): void {
    const why = this.refusal;
    this.refusal = undefined;
    if (why) this.refuse(why);
  }

  private endBody(): void {
    this.bodyIsOver = true;
    this.fast.largeBodies.ended(this.request);
  }
}
