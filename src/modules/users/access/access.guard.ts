import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { API_KEY_PREFIX } from '#kernel/crypto/secrets';
import { Refusal } from '#kernel/domain/errors';
import { type Access, ACCESS, type Principal } from '#kernel/http/principal';
import type { CallRequest } from '#kernel/http/call-request';
import { ApiKeys } from '../api.js';
import { BuiltInTokenGuard } from './token-guards.js';
import { unauthorized } from './unauthorized.js';

const BEARER = /^Bearer +(\S+)$/i;

/** Stands before every route: who calls (401), and whether she may (403). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly builtIn: BuiltInTokenGuard,
    private readonly apiKeys: ApiKeys,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, [
      context.getHandler(),
      context.getClass(),
    ]);
    if (access?.public) return true;
    const request = context.switchToHttp().getRequest<CallRequest>();
    // Whoever gives tickets out checks them, in a guard of that route.
    if (access?.ticket && 'ticket' in request.query && !request.headers.authorization) return true;
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token?.startsWith(API_KEY_PREFIX)) request.principal = await this.keyHolder(token);
    else await this.builtIn.canActivate(context);
    if (!request.principal) throw unauthorized();
    refuseTheUninvited(request.principal, access ?? {});
    return true;
  }

  private async keyHolder(key: string): Promise<Principal> {
    const holder = await this.apiKeys.holderOf(key);
    if (!holder) throw new Refusal('invalid_api_key', 'The API key is not valid.');
    const { keyId, tenantId, scopes, expiresAt } = holder;
    return { kind: 'key', id: keyId, tenantId, scopes, expiresAt };
  }
}

function refuseTheUninvited(principal: Principal, { role, scope }: Access): void {
  if (principal.kind === 'user') {
    if (role === 'admin' && principal.role !== 'admin') {
      throw new Refusal('forbidden', 'Only admins of the tenant may do this.');
    }
  } else if (scope === undefined) {
    throw new Refusal('forbidden', 'API keys cannot be used here.');
  } else if (!principal.scopes.includes(scope)) {
    throw new Refusal('forbidden', `The API key lacks the scope ${scope}.`);
  }
}
