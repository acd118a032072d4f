import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { Refusal } from '#kernel/domain/errors';
import { AddressLimit } from '#kernel/http/address-limit';
import type { CallRequest } from '#kernel/http/call-request';
import { type Access, ACCESS, type Principal, UNCOUNTED } from '#kernel/http/principal';
import { CallLimits } from './call-limits.js';
import { Callers } from './callers.js';

/** Stands before every route: who calls (401), whether it is one call too many (429), whether she may (403). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly callers: Callers,
    private readonly limits: CallLimits,
    private readonly addresses: AddressLimit,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const [request, response] = [http.getRequest<CallRequest>(), http.getResponse<Response>()];
    const access = (this.said(ACCESS, context) ?? {}) as Access;
    // Whoever gives tickets out checks and counts them, in a guard of that route.
    if (access.ticket && 'ticket' in request.query && !request.headers.authorization) return true;
    if (access.public) {
      if (this.said(UNCOUNTED, context) !== true) await this.addresses.count(request, response);
      return true;
    }
    const caller = await this.callers.identify(context).catch(async (error: unknown) => {
      if (!(error instanceof Refusal) || error.status !== 401) throw error;
      await this.addresses.count(request, response);
      response.setHeader('WWW-Authenticate', 'Bearer');
      throw error;
    });
    await this.limits.countCaller(caller, response);
    refuseTheUninvited(caller, access);
    return true;
  }

  /** What stands on the method, or else on its class. */
  private said(key: symbol, context: ExecutionContext): unknown {
    return this.reflector.getAllAndOverride(key, [context.getHandler(), context.getClass()]);
  }
}

function refuseTheUninvited(caller: Principal, { role, scope }: Access): void {
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
