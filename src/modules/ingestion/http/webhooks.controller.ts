import { Controller, HttpCode, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { verifyHexHmacSha256 } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { Public, Uncounted } from '#kernel/http/principal';
import { answerAllowance, type HeaderTaker, RateLimiter } from '#kernel/http/rate-limiter';
import { jsonFrom, requireJson, type RawBodyRequest } from '#kernel/http/request-body';
import type { CallRequest } from '#kernel/http/call-request';
import { ApiKeys, type KeyHolder } from '#modules/users/api';
import { ReceiveAlert } from '../application/receive-alert.js';
import { readCustomAlert } from '../domain/custom-alert.js';
import { CountRefusals } from './count-refusals.filter.js';
import { WebhookAccepted, webhookDocs } from './webhooks.docs.js';

type WebhookRequest = CallRequest & RawBodyRequest;

/** Where monitoring tools knock. The order of the checks is part of the contract: a stranger learns nothing. */
@Controller('v1/webhooks')
@Uncounted()
@UseFilters(CountRefusals)
export class WebhooksController {
  constructor(
    private readonly receiveAlert: ReceiveAlert,
    private readonly apiKeys: ApiKeys,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  @Post(':tenantId/custom')
  @Public()
  @HttpCode(202)
  @webhookDocs()
  async custom(
    @Param('tenantId') tenantId: string,
    @Req() request: WebhookRequest,
    @Res({ passthrough: true }) answer: HeaderTaker,
  ): Promise<WebhookAccepted> {
    const raw = request.rawBody ?? Buffer.alloc(0);
    const key = request.headers['x-api-key'];
    const address = `address:${request.ip ?? ''}`;
    this.refuseAddress(address, answer);
    // Nearly always the holder and the limit are known here; waiting, even for nothing, would cost more than the look.
    const holder =
      typeof key === 'string'
        ? (this.apiKeys.knownHolderOf(key) ?? (await this.apiKeys.holderOf(key)))
        : undefined;
    if (holder?.tenantId !== tenantId || !holder.scopes.includes('webhooks:write')) {
      await this.countFailure(address, answer);
      throw new Refusal('invalid_api_key', 'The API key is not valid for this tenant.');
    }
    if (!isSigned(request, raw, holder)) {
      await this.countFailure(address, answer);
      throw new Refusal('invalid_signature', 'The signature does not match the body.');
    }
    request.principal = {
      kind: 'key',
      id: holder.keyId,
      tenantId: holder.tenantId,
      scopes: ['webhooks:write'],
      expiresAt: holder.expiresAt,
    };
    const bucket = `ingest:${holder.tenantId}`;
    const { ingest } = this.config.rateLimits;
    const allowance = this.limiter.takeNow(bucket, ingest) ?? (await this.limiter.take(bucket, ingest));
    answerAllowance(answer, allowance, this.clock.now());
    requireJson(request);
    return this.receiveAlert.execute(holder.tenantId, readCustomAlert(jsonFrom(raw)), raw);
  }

  /** Only failures are counted against an address: many honest senders share one. */
  private refuseAddress(address: string, answer: HeaderTaker): void {
    const allowance = this.limiter.peek(address, this.config.rateLimits.anonymous);
    if (!allowance.allowed) answerAllowance(answer, allowance, this.clock.now());
  }

  private async countFailure(address: string, answer: HeaderTaker): Promise<void> {
    const allowance = await this.limiter.take(address, this.config.rateLimits.anonymous);
    answerAllowance(answer, allowance, this.clock.now());
  }
}

function isSigned({ headers }: WebhookRequest, raw: Buffer, { webhookSecrets }: KeyHolder): boolean {
  const signature = headers['x-webhook-signature'];
  const given = typeof signature === 'string' ? signature : undefined;
  return webhookSecrets.some((secret) => verifyHexHmacSha256(secret, raw, given));
}
