import { type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { Config } from '#kernel/config/config';
import { API_KEY_PREFIX } from '#kernel/crypto/secrets';
import { Refusal } from '#kernel/domain/errors';
import type { CallRequest } from '#kernel/http/call-request';
import type { Principal } from '#kernel/http/principal';
import { ApiKeys } from '../api.js';
import { BuiltInTokenGuard, OidcTokenGuard, unauthorized } from './token-guards.js';

const BEARER = /^Bearer +(\S+)$/i;

/** Authenticates a request by its bearer token or API key. */
@Injectable()
export class Authenticator {
  constructor(
    private readonly apiKeys: ApiKeys,
    private readonly builtIn: BuiltInTokenGuard,
    private readonly oidc: OidcTokenGuard,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @throws Refusal `unauthorized` or `invalid_api_key` */
  async authenticate(context: ExecutionContext): Promise<Principal> {
    const request = context.switchToHttp().getRequest<CallRequest>();
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized();
    if (token.startsWith(API_KEY_PREFIX)) request.principal = await this.keyHolder(token);
    else await this.guardOf(token).canActivate(context);
    if (!request.principal) throw unauthorized();
    return request.principal;
  }

  /** The unverified issuer only selects the guard, each of which accepts one set of algorithms, one key source and one issuer. */
  private guardOf(token: string): BuiltInTokenGuard | OidcTokenGuard {
    const claims = jwt.decode(token);
    const issuer = typeof claims === 'object' ? claims?.iss : undefined;
    return this.config.oidc && issuer === this.config.oidc.issuer ? this.oidc : this.builtIn;
  }

  private async keyHolder(key: string): Promise<Principal> {
    const holder = await this.apiKeys.holderOf(key);
    if (!holder) throw new Refusal('invalid_api_key', 'The API key is not valid.');
    const { keyId, tenantId, scopes, expiresAt } = holder;
    return { kind: 'key', id: keyId, tenantId, scopes, expiresAt };
  }
}
