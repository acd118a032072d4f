import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import type { CallRequest } from '#kernel/http/call-request';
import { answerAllowance, RateLimiter } from '#kernel/http/rate-limiter';
import { Tenants } from '#modules/tenants/api';
import type { Principal } from '#kernel/http/principal';

/** How much of the management API a tenant's plan is good for, and how much a stranger may ask. */
@Injectable()
export class CallLimits {
  constructor(
    private readonly limiter: RateLimiter,
    private readonly tenants: Tenants,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @throws Refusal `rate_limit_exceeded` */
  async countCaller({ tenantId }: Principal, response: Response): Promise<void> {
    const { plan } = await this.tenants.profile(tenantId);
    const allowance = await this.limiter.take(`tenant:${tenantId}`, this.config.rateLimits[plan]);
    answerAllowance(response, allowance, this.clock.now());
  }

  /**
   * Counts against the address of the client whoever has not said, or not proved, who they are.
   * @throws Refusal `rate_limit_exceeded`
   */
  async countStranger({ ip }: CallRequest, response: Response): Promise<void> {
    const allowance = await this.limiter.take(`address:${ip ?? ''}`, this.config.rateLimits.anonymous);
    answerAllowance(response, allowance, this.clock.now());
  }
}
