import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { AddressLimit } from '#kernel/http/address-limit';
import type { CallRequest } from '#kernel/http/call-request';
import { type Access, ACCESS, type Principal, UNCOUNTED } from '#kernel/http/principal';
import { Authenticator } from './authenticator.js';
import { CallLimits } from './call-limits.js';

/** Guards every route: authentication (401), rate limit (429), permission (403). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
    private readonly limits: CallLimits,
    private readonly addresses: AddressLimit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<CallRequest>(), http.getResponse<Response>()];
    const access = (this.metadata(ACCESS, context) ?? {}) as Access;
    // Tickets are checked and counted by a guard of their route.
    if (access.ticket && 'ticket' in request.query && !request.headers.authorization) return true;
    if (access.public) {
      if (this.metadata(UNCOUNTED, context) !== true) await this.addresses.count(request, response);
      return true;
    }
    const caller = await this.authenticator.authenticate(context).catch(async (error: unknown) => {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      await this.addresses.count(request, response);
      response.setHeader('WWW-Authenticate', 'Bearer');
      throw error;
    });
    await this.limits.countCaller(caller, response);
    authorize(caller, access);
    return true;
  }

  /** Of the method, or else of its class. */
  private metadata(key: symbol, context: ExecutionContext): unknown {
    return this.reflector.getAllAndOverride(key, [context.getHandler(), context.getClass()]);
  }
}

function authorize(caller: Principal, { role, scope }: Access): void {
  if (caller.kind === 'user') {
    if (role === 'admin' && caller.role !== 'admin') {
      throw new Refusal('forbidden', 'Only admins of the tenant may do this.');
    }
  } else if (scope === undefined) {
    throw new Refusal('forbidden', 'API keys cannot be used here.');
  } else if (!caller.scopes.includes(scope)) {
    throw new Refusal('forbidden', `The API key lacks the scope ${scope}.`);
  }
}
