import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { AddressLimit } from '#kernel/http/address-limit';
import type { CallRequest } from '#kernel/http/call-request';
import { StreamTickets } from '../application/streams/stream-tickets.js';

/** Authenticates by ticket: the global access guard leaves that to the routes that accept tickets. */
@Injectable()
export class TicketGuard implements CanActivate {
  constructor(
    private readonly tickets: StreamTickets,
    private readonly addresses: AddressLimit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<CallRequest>(), http.getResponse<Response>()];
    if (request.principal) return true;
    // Only invalid tickets are counted: the request that issued a valid one was counted already.
    this.addresses.refuseSpent(request, response);
    const { ticket } = request.query;
    const holder = typeof ticket === 'string' ? await this.tickets.redeem(ticket) : undefined;
    if (!holder) {
      await this.addresses.count(request, response);
      throw new Refusal('unauthorized', 'The ticket is used, expired or unknown; request a new one.');
    }
    request.principal = holder;
    return true;
  }
}
