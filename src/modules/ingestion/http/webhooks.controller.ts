import { Controller, HttpCode, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '#kernel/config/config';
import { verifyHexHmacSha256 } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { Public, Uncounted } from '#kernel/http/principal';
import { answerAllowance, RateLimiter } from '#kernel/http/rate-limiter';
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
    @Res({ passthrough: true }) response: Response,
  ): Promise<WebhookAccepted> {
    const raw = request.rawBody ?? Buffer.alloc(0);
    const holder = await this.authenticate(tenantId, request, response, raw);
    const allowance = await this.limiter.take(`ingest:${holder.tenantId}`, this.config.rateLimits.ingest);
    answerAllowance(response, allowance, this.clock.now());
    requireJson(request);
    return this.receiveAlert.execute(holder.tenantId, readCustomAlert(jsonFrom(raw)), raw);
  }

  private async authenticate(
    tenantId: string,
    request: WebhookRequest,
    response: Response,
    raw: Buffer,
  ): Promise<KeyHolder> {
    const address = `address:${request.ip ?? ''}`;
    const limit = this.config.rateLimits.anonymous;
    // Only failures are counted against an address: many honest senders share one.
    const allowance = this.limiter.peek(address, limit);
    if (!allowance.allowed) answerAllowance(response, allowance, this.clock.now());

    const key = request.headers['x-api-key'];
    const holder = typeof key === 'string' ? await this.apiKeys.holderOf(key) : undefined;
    if (holder?.tenantId !== tenantId || !holder.scopes.includes('webhooks:write')) {
      answerAllowance(response, await this.limiter.take(address, limit), this.clock.now());
      throw new Refusal('invalid_api_key', 'The API key is not valid for this tenant.');
    }
    const signature = request.headers['x-webhook-signature'];
    const given = typeof signature === 'string' ? signature : undefined;
    if (!holder.webhookSecrets.some((secret) => verifyHexHmacSha256(secret, raw, given))) {
      answerAllowance(response, await this.limiter.take(address, limit), this.clock.now());
      throw new Refusal('invalid_signature', 'The signature does not match the body.');
    }
    request.principal = {
      kind: 'key',
      id: holder.keyId,
      tenantId: holder.tenantId,
      scopes: ['webhooks:write'],
      expiresAt: holder.expiresAt,
    };
    return holder;
  }
}
