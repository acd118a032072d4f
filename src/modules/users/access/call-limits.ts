import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '#kernel/config/config';
import { enforceAllowance, RateLimiter } from '#kernel/http/rate-limiter';
import { Tenants } from '#modules/tenants/api';
import type { Principal } from '#kernel/http/principal';

/** The rate limit of a tenant's plan. */
@Injectable()
export class CallLimits {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly tenants: Tenants,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @throws Refusal `rate_limit_exceeded` */
  async countCaller({ tenantId }: Principal, response: Response): Promise<void> {
    const { plan } = await this.tenants.profile(tenantId);
    const allowance = await this.limiter.take(`tenant:${tenantId}`, this.config.rateLimits[plan]);
    enforceAllowance(response, allowance);
  }
}
