import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import { answerAllowance, RateLimiter } from '#kernel/http/rate-limiter';
import { StreamTickets } from '../application/stream-tickets.js';

/** Lets in whoever shows a ticket: the guard before every route leaves that to the route that takes tickets. */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(
    private readonly tickets: StreamTickets,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<CallRequest>(), http.getResponse<Response>()];
    if (request.principal) return true;
    // Only wrong tickets are counted against an address: many people share one, and the call for a ticket was counted.
    const address = `address:${request.ip ?? ''}`;
    const limit = this.config.rateLimits.anonymous;
    answerAllowance(response, this.limiter.peek(address, limit), this.clock.now());
    const { ticket } = request.query;
    const holder = typeof ticket === 'string' ? await this.tickets.redeem(ticket) : undefined;
    if (!holder) {
      answerAllowance(response, await this.limiter.take(address, limit), this.clock.now());
      throw new Refusal('unauthorized', 'The ticket was used, has expired or never was; get a new one.');
    }
    request.principal = holder;
    return true;
  }
}
