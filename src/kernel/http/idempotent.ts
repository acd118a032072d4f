import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Response } from 'express';
import { from, lastValueFrom, type Observable } from 'rxjs';
import { SealedText } from '../crypto/sealed-text.js';
import { sha256Hex } from '../crypto/secrets.js';
import { invalid, Refusal } from '../domain/errors.js';
import { UnitOfWork } from '../persistence/unit-of-work.js';
import type { CallRequest } from './call-request.js';
import type { RawBodyRequest } from './request-body.js';

const KEY = /^[\x20-\x7e]{1,255}$/;

interface KeptAnswer {
  readonly body_hash: string;
  readonly status: number;
  /** The response as sealed JSON, because it may contain a secret that is shown once. */
  readonly answer: string;
  readonly location: string | null;
}

/**
 * Handles requests with the same `Idempotency-Key` once. The response is stored in the transaction of its effect: either both are
 * committed, or neither is and the request may be retried. A refusal is not stored.
 */
@Injectable()
class IdempotencyInterceptor implements NestInterceptor {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly sealed: SealedText,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<CallRequest & RawBodyRequest>();
    const key = request.headers['idempotency-key'];
    if (key === undefined) return next.handle();
    if (typeof key !== 'string' || !KEY.test(key)) {
      throw invalid('Idempotency-Key', 'must be 1 to 255 printable ASCII characters');
    }
    return from(this.once(key, request, http.getResponse<Response>(), next));
  }

  private async once(
    key: string,
    request: CallRequest & RawBodyRequest,
    response: Response,
    next: CallHandler,
  ): Promise<unknown> {
    const { principal, method, path, rawBody = '' } = request;
    if (!principal) throw new Error('@Idempotent() is used on a public route');
    const { tenantId } = principal;
    const [route, bodyHash] = [`${method} ${path}`, sha256Hex(rawBody)];
    const scope = [tenantId, route, key].join('\n');
    return this.unitOfWork.run(tenantId, async () => {
      const [lock] = await this.unitOfWork.query<{ free: boolean }>(
        tenantId,
        `SELECT pg_try_advisory_xact_lock(hashtextextended('causeflow.idempotent:' || $1, 0)) AS free`,
        [scope],
      );
      if (!lock?.free)
        throw new Refusal('conflict', 'A request with this Idempotency-Key is still being answered.');
      const [kept] = await this.unitOfWork.query<KeptAnswer>(
        tenantId,
        `SELECT body_hash, status, answer, location FROM idempotent_requests
          WHERE tenant_id = $1 AND route = $2 AND key = $3 AND created_at > now() - interval '24 hours'`,
        [tenantId, route, key],
      );
      if (kept) return this.replay(kept, scope, bodyHash, response);
      const answer: unknown = await lastValueFrom(next.handle(), { defaultValue: null });
      await this.unitOfWork.query(
        tenantId,
        `INSERT INTO idempotent_requests (tenant_id, route, key, body_hash, status, answer, location)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (tenant_id, route, key) DO UPDATE SET body_hash = excluded.body_hash, status = excluded.status,
           answer = excluded.answer, location = excluded.location, created_at = now()`,
        [
          tenantId,
          route,
          key,
          bodyHash,
          response.statusCode,
          JSON.stringify(this.sealed.seal(JSON.stringify(answer ?? null), scope)),
          response.get('Location'),
        ],
      );
      return answer;
    });
  }

  private replay(
    { body_hash, status, answer, location }: KeptAnswer,
    scope: string,
    bodyHash: string,
    response: Response,
  ): unknown {
    if (body_hash !== bodyHash) {
      throw new Refusal('idempotency_mismatch', 'This Idempotency-Key was used with another body.');
    }
    response.status(status).setHeader('Idempotent-Replay', 'true');
    if (location !== null) response.setHeader('Location', location);
    return JSON.parse(this.sealed.open(answer, scope)) as unknown;
  }
}

/** Accepts an `Idempotency-Key`. The effects of the route must be in the database only, in the current transaction. */
export function Idempotent(): MethodDecorator {
  return applyDecorators(
    UseInterceptors(IdempotencyInterceptor),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'At most 255 characters. The same key and body within 24 hours returns the first response, with ' +
        '`Idempotent-Replay: true`. Another body is a 422, a request still in progress a 409',
      schema: { type: 'string', minLength: 1, maxLength: 255 },
    }),
  );
}
