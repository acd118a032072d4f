import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { Config } from '../config/config.js';
import { Clock } from '../domain/clock.js';
import { clientNetwork } from '../net/client-network.js';
import { enforceAllowance, type HeaderWriter, RateLimiter, WINDOW_MS } from './rate-limiter.js';

/**
 * Rate-limits by client address what has no known caller: anonymous calls, wrong keys, signatures and tickets. Successful calls are
 * not counted, because many legitimate senders share an address.
 */
@Injectable()
export class AddressLimit {
  /** When an address last used up its allowance. */
  private spentAt = -Infinity;

  constructor(
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @throws Refusal `rate_limit_exceeded` when the call is one too many */
  async count(request: Request, answer: HeaderWriter): Promise<void> {
    const allowance = await this.limiter.take(bucketOf(request), this.config.rateLimits.anonymous);
    if (allowance.limit > 0 && allowance.remaining === 0) this.spentAt = this.clock.now().getTime();
    enforceAllowance(answer, allowance);
  }

  /** @throws Refusal `rate_limit_exceeded` for an address whose allowance is used up; counts nothing */
  refuseSpent(request: Request, answer: HeaderWriter): void {
    // A bucket lives for one window. If none was used up in that time, which is the normal case, skip the look-up.
    if (this.clock.now().getTime() - this.spentAt > WINDOW_MS) return;
    const allowance = this.limiter.peek(bucketOf(request), this.config.rateLimits.anonymous);
    if (!allowance.allowed) enforceAllowance(answer, allowance);
  }
}

function bucketOf({ ip }: Request): string {
  return `address:${clientNetwork(ip)}`;
}
