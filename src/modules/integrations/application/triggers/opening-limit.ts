import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { RateLimiter } from '#kernel/http/rate-limiter';
import { Tenants } from '#modules/tenants/api';

/**
 * Limits how many incidents per minute a tenant's triggers open because of the effects of others, by its plan, as if a person did. A
 * hundred triggers that fire on each other's incidents, three in a chain, would make a million of one.
 */
@Injectable()
export class OpeningLimit {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly tenants: Tenants,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @throws Refusal `rate_limit_exceeded` */
  async count(tenantId: TenantId): Promise<void> {
    const { plan } = await this.tenants.profile(tenantId);
    const { allowed, retryAfter } = await this.limiter.take(
      `openings:${tenantId}`,
      this.config.rateLimits[plan],
    );
    if (!allowed)
      throw new Refusal('rate_limit_exceeded', 'Triggers have opened too many incidents.', { retryAfter });
  }
}
