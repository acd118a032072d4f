import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { AddressLimit } from '#kernel/http/address-limit';
import type { CallRequest } from '#kernel/http/call-request';
import { StreamTickets } from '../application/stream-tickets.js';

/** Lets in whoever shows a ticket: the guard before every route leaves that to the route that takes tickets. */
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
    // Only wrong tickets are counted: the call for a ticket was.
    this.addresses.refuseSpent(request, response);
    const { ticket } = request.query;
    const holder = typeof ticket === 'string' ? await this.tickets.redeem(ticket) : undefined;
    if (!holder) {
      await this.addresses.count(request, response);
      throw new Refusal('unauthorized', 'The ticket was used, has expired or never was; get a new one.');
    }
    request.principal = holder;
    return true;
  }
}
