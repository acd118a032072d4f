import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '../config/config.js';
import type { Refusal } from '../domain/errors.js';
import type { Histogram } from '../metrics/instruments.js';
import { RequestDurations } from '../metrics/request-durations.js';
import { type CallContext, runInContext } from '../tenancy/call-context.js';
import { AccessLog } from './access-log.js';
import type { CallRequest } from './call-request.js';
import { envelopeOf } from './error-envelope.filter.js';
import type { BodyTaker, TakeableRequest } from './lean-express-adapter.js';
import type { HeaderWriter } from './rate-limiter.js';
import { bodyEndedEarly, bodyTooLarge, type RawBodyRequest } from './request-body.js';
import { requestIdOf } from './request-context.js';

export type LaneRequest = CallRequest & RawBodyRequest & TakeableRequest;

/** A public route that storms come through. It stays declared in its controller, for the documents and for odd requests. */
interface Lane {
  /** Fits the plain form of its addresses; the group is its one parameter. What is written otherwise goes the usual way. */
  readonly path: RegExp;
  /** The same as a template, for the metrics. */
  readonly route: string;
  readonly status: number;
  /** Further answers that come in storms: the access log tells of them, as of accepted ones, at debug level alone. */
  readonly usual: readonly number[];
  /** @param answer takes the headers that go with the answer */
  readonly serve: (parameter: string, request: LaneRequest, answer: HeaderWriter) => Promise<object>;
  readonly refusalFrom: (thrown: unknown, request: LaneRequest, response: Response) => Refusal;
}

/**
 * Leads POSTs to one address past Express and Nest's router, guards and pipes, straight to the method of the controller.
 * What every request gets, it gets here too: a request id, the context, the body as it came, the access log, the metrics,
 * the error envelope. See docs/adr/0010-fast-lane.md.
 */
@Injectable()
export class FastLane {
  readonly maxBodyBytes: number;
  private lane: Lane | undefined;
  private accepted: Histogram | undefined;

  constructor(
    @Inject(Config) { maxBodyBytes }: Config,
    private readonly accessLog: AccessLog,
    private readonly durations: RequestDurations,
  ) {
    this.maxBodyBytes = maxBodyBytes;
  }

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
    new LaneCall(this, lane, parameter, request, response).begin();
    return true;
  }

  /** To be called when the answer was given. @param startedAt on the process's monotonic clock */
  answered(
    { route, status, usual }: Lane,
    request: LaneRequest,
    response: Response,
    startedAt: number,
  ): void {
    const { statusCode } = response;
    this.accessLog.tell(request, response, startedAt, usual.includes(statusCode));
    const histogram =
      statusCode === status
        ? (this.accepted ??= this.durations.histogramOf('POST', route, status))
        : this.durations.histogramOf('POST', route, statusCode);
    histogram.observe((performance.now() - startedAt) / 1000);
  }
}

/** One request on its way through: its body, its context, the headers of its answer. One object, since each costs. */
class LaneCall implements BodyTaker, CallContext, HeaderWriter {
  readonly correlationId: string;
  private readonly startedAt = performance.now();
  /** Name, value, name, value, as `writeHead` takes them at the least cost. */
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

  /** Read when an event is recorded: the caller is known by then. */
  get actor(): string | null {
    return this.request.principal?.id ?? null;
  }

  begin(): void {
    this.request.taker = this;
    if (Number(this.request.headers['content-length'] ?? 0) > this.fast.maxBodyBytes) this.refuseTooLarge();
  }

  take(chunk: Buffer): void {
    if (this.bodyIsOver) return;
    this.size += chunk.length;
    if (this.size > this.fast.maxBodyBytes) this.refuseTooLarge();
    else this.chunks.push(chunk);
  }

  end(): void {
    if (this.bodyIsOver) return;
    this.bodyIsOver = true;
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
    if (this.bodyIsOver) return;
    this.bodyIsOver = true;
    this.refuse(bodyEndedEarly());
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

  private refuse(thrown: unknown): void {
    const refusal = this.lane.refusalFrom(thrown, this.request, this.response);
    if (refusal.retryAfter !== undefined) this.setHeader('Retry-After', refusal.retryAfter);
    this.answer(refusal.status, envelopeOf(refusal, this.correlationId));
  }

  /** What still comes of the body is dropped, so that the sender gets to reading the answer. */
  private refuseTooLarge(): void {
    this.bodyIsOver = true;
    this.refuse(bodyTooLarge(this.fast.maxBodyBytes));
  }
}
