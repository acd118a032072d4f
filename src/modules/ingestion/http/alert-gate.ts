import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { FrequentRefusal, Refusal } from '#kernel/domain/errors';
import { AddressLimit } from '#kernel/http/address-limit';
import type { CallRequest } from '#kernel/http/call-request';
import type { Principal } from '#kernel/http/principal';
import { enforceAllowance, type HeaderWriter, RateLimiter } from '#kernel/http/rate-limiter';
import type { RawBodyRequest } from '#kernel/http/request-body';
import { ApiKeys, type KeyHolder } from '#modules/users/api';

export type WebhookRequest = CallRequest & RawBodyRequest;

export const INVALID_KEY = ['invalid_api_key', 'The API key is not valid for this tenant.'] as const;

export function maySend(tenantId: string, holder: KeyHolder | undefined): holder is KeyHolder {
  return holder?.tenantId === tenantId && holder.scopes.includes('webhooks:write');
}

export function principalOf({ keyId: id, tenantId, expiresAt }: KeyHolder): Principal {
  return { kind: 'key', id, tenantId, scopes: ['webhooks:write'], expiresAt };
}

/** Authenticates and limits senders of native alerts, by the rules for custom alerts. Those have a faster path of their own. */
@Injectable()
export class AlertGate {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly limiter: RateLimiter,
    private readonly addresses: AddressLimit,
    @Inject(Config) private readonly config: Config,
  ) {}

  /**
   * Authenticates a sender. Failures are counted against its address.
   * @throws what `authenticate` throws, or Refusal `rate_limit_exceeded` for an address with too many failures
   */
  async check<T>(request: WebhookRequest, answer: HeaderWriter, authenticate: () => Promise<T>): Promise<T> {
    this.addresses.refuseSpent(request, answer);
    try {
      return await authenticate();
    } catch (error) {
      if (error instanceof Refusal && error.status === 401) await this.addresses.count(request, answer);
      throw error;
    }
  }

  /** @throws Refusal `invalid_api_key` */
  async holderOf(tenantId: string, request: WebhookRequest): Promise<KeyHolder> {
    const key = request.headers['x-api-key'];
    const holder = typeof key === 'string' ? await this.apiKeys.holderOf(key) : undefined;
    if (!maySend(tenantId, holder)) throw new FrequentRefusal(...INVALID_KEY);
    request.principal = principalOf(holder);
    return holder;
  }

  /** @throws Refusal `rate_limit_exceeded` for a tenant that is over its quota */
  async count(tenantId: string, answer: HeaderWriter): Promise<void> {
    const allowance = await this.limiter.take(`ingest:${tenantId}`, this.config.rateLimits.ingest);
    enforceAllowance(answer, allowance);
  }
}
