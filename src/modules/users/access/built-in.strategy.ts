import { createSecretKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { UserCache } from '../accounts/user-cache.js';
import { type AccessClaims, AUDIENCE, ISSUER } from '../sign-in/access-tokens.js';
import { BUILT_IN, unexpired } from './token-guards.js';

/** Tokens issued by this server. */
@Injectable()
export class BuiltInStrategy extends PassportStrategy(Strategy, BUILT_IN) {
  constructor(
    @Inject(Config) config: Config,
    private readonly userCache: UserCache,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // Given a string, jsonwebtoken tries to parse it as a public key for every token, which takes 0.3 ms. It accepts a key
      // object, too, which the types of passport-jwt do not show.
      secretOrKey: createSecretKey(Buffer.from(config.jwtSecret)) as unknown as Buffer,
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
      // `validate` refuses expired tokens.
      ignoreExpiration: true,
    });
  }

  /** @returns false for a token that never expires, or was revoked by a later change of its user */
  async validate({ sub, tenant_id, credentials, exp }: AccessClaims): Promise<Principal | false> {
    if (exp === undefined) return false;
    const expiresAt = unexpired(exp, this.clock);
    const tenantId = asTenantId(tenant_id);
    const user = tenantId && (await this.userCache.withCredentials(tenantId, sub, credentials));
    if (!user) return false;
    const { email, role } = user;
    return { kind: 'user', id: sub, tenantId, email, role, credentials, expiresAt };
  }
}
