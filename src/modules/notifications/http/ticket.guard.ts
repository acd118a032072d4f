import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import { StreamTickets } from '../application/stream-tickets.js';

/** Lets in whoever shows a ticket: the guard before every route leaves that to the route that takes tickets. */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(private readonly tickets: StreamTickets) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<CallRequest>();
    if (request.principal) return true;
    const { ticket } = request.query;
    const holder = typeof ticket === 'string' ? await this.tickets.redeem(ticket) : undefined;
    if (!holder)
      throw new Refusal('unauthorized', 'The ticket was used, has expired or never was; get a new one.');
    request.principal = holder;
    return true;
  }
}
