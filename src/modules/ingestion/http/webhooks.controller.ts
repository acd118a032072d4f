import { Controller, HttpCode, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { SealedTextError } from '#kernel/crypto/sealed-text';
import { verifyHexHmacSha256 } from '#kernel/crypto/secrets';
import { type ErrorCode, FrequentRefusal } from '#kernel/domain/errors';
import { Public, Uncounted } from '#kernel/http/principal';
import { AddressLimit } from '#kernel/http/address-limit';
import { type Allowance, enforceAllowance, type HeaderWriter, RateLimiter } from '#kernel/http/rate-limiter';
import { jsonFrom, requireJson } from '#kernel/http/request-body';
import { ApiKeys, type KeyHolder } from '#modules/users/api';
import { ReceiveAlert } from '../application/receive-alert.js';
import type { AlertReceipt } from '../domain/alert.js';
import { readCustomAlert } from '../domain/custom-alert.js';
import { INVALID_KEY, maySend, principalOf, type WebhookRequest } from './alert-gate.js';
import { CountRefusals } from './count-refusals.filter.js';
import { webhookDocs } from './webhooks.docs.js';

/** Receives custom alerts. The order of the checks is part of the contract: an unauthenticated sender learns nothing. */
@Controller('v1/webhooks')
@Uncounted()
@UseFilters(CountRefusals)
export class WebhooksController {
  constructor(
    private readonly receiveAlert: ReceiveAlert,
    private readonly apiKeys: ApiKeys,
    private readonly limiter: RateLimiter,
    private readonly addresses: AddressLimit,
    @Inject(Config) private readonly config: Config,
  ) {}

  @Post(':tenantId/custom')
  @Public()
  @HttpCode(202)
  @webhookDocs()
  custom(
    @Param('tenantId') tenantId: string,
    @Req() request: WebhookRequest,
    @Res({ passthrough: true }) answer: HeaderWriter,
  ): Promise<AlertReceipt> {
    this.addresses.refuseSpent(request, answer);
    const key = request.headers['x-api-key'];
    if (typeof key !== 'string') return this.admit(tenantId, request, answer, undefined);
    // Nearly always cached, like the quota below: a promise would cost more than the lookup.
    const cached = this.apiKeys.cachedHolderOf(key);
    return cached
      ? this.admit(tenantId, request, answer, cached)
      : this.apiKeys.holderOf(key).then((holder) => this.admit(tenantId, request, answer, holder));
  }

  private admit(
    tenantId: string,
    request: WebhookRequest,
    answer: HeaderWriter,
    holder: KeyHolder | undefined,
  ): Promise<AlertReceipt> {
    if (!maySend(tenantId, holder)) return this.refuse(request, answer, INVALID_KEY);
    return isSigned(request, holder)
      ? this.takeQuota(request, answer, holder)
      : this.verifyWithFreshKey(request, answer);
  }

  /** Another replica may have just issued a new secret, and senders do not retry after a 401. */
  private async verifyWithFreshKey(request: WebhookRequest, answer: HeaderWriter): Promise<AlertReceipt> {
    const holder = await this.apiKeys.freshHolderOf(String(request.headers['x-api-key']));
    if (holder && isSigned(request, holder)) return this.takeQuota(request, answer, holder);
    return this.refuse(request, answer, INVALID_SIGNATURE);
  }

  private takeQuota(request: WebhookRequest, answer: HeaderWriter, holder: KeyHolder): Promise<AlertReceipt> {
    request.principal = principalOf(holder);
    const bucket = `ingest:${holder.tenantId}`;
    const { ingest } = this.config.rateLimits;
    const allowance = this.limiter.takeNow(bucket, ingest);
    return allowance
      ? this.receive(request, answer, holder, allowance)
      : this.limiter.take(bucket, ingest).then((taken) => this.receive(request, answer, holder, taken));
  }

  private receive(
    request: WebhookRequest,
    answer: HeaderWriter,
    { tenantId }: KeyHolder,
    allowance: Allowance,
  ): Promise<AlertReceipt> {
    enforceAllowance(answer, allowance);
    requireJson(request);
    const raw = rawOf(request);
    return this.receiveAlert.execute(tenantId, readCustomAlert(jsonFrom(raw, request), raw.length), raw);
  }

  private async refuse(
    request: WebhookRequest,
    answer: HeaderWriter,
    [code, message]: readonly [ErrorCode, string],
  ): Promise<never> {
    await this.addresses.count(request, answer);
    throw new FrequentRefusal(code, message);
  }
}

const INVALID_SIGNATURE = ['invalid_signature', 'The signature does not match the body.'] as const;
const NOTHING = Buffer.alloc(0);

function rawOf({ rawBody }: WebhookRequest): Buffer {
  return rawBody ?? NOTHING;
}

/** @throws SealedTextError, after which senders retry, unlike after a 401 */
function isSigned(request: WebhookRequest, { keyId, webhookSecrets }: KeyHolder): boolean {
  if (!webhookSecrets) throw new SealedTextError(`The secrets of ${keyId} cannot be opened`);
  const signature = request.headers['x-webhook-signature'];
  const given = typeof signature === 'string' ? signature : undefined;
  return webhookSecrets.some((secret) => verifyHexHmacSha256(secret, rawOf(request), given));
}
