import { createSecretKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { Config } from '#kernel/config/config';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { People } from '../accounts/people.js';
import { type AccessClaims, AUDIENCE, ISSUER } from '../sign-in/access-tokens.js';
import { BUILT_IN } from './token-guards.js';

/** Tokens that were issued here. */
@Injectable()
export class BuiltInStrategy extends PassportStrategy(Strategy, BUILT_IN) {
  constructor(
    @Inject(Config) config: Config,
    private readonly people: People,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      // Of a text, jsonwebtoken tries with every token whether it is a public key, for 0.3 ms. It takes a key object, too,
      // which the types of passport-jwt do not say.
      secretOrKey: createSecretKey(Buffer.from(config.jwtSecret)) as unknown as Buffer,
      algorithms: ['HS256'],
      issuer: ISSUER,
      audience: AUDIENCE,
    });
  }

  /** @returns false for a token that its user's later changes have ended */
  async validate({ sub, tenant_id, credentials, exp }: AccessClaims): Promise<Principal | false> {
    const tenantId = asTenantId(tenant_id);
    const person = tenantId && (await this.people.holding(tenantId, sub, credentials));
    if (!person) return false;
    const { email, role } = person;
    return { kind: 'user', id: sub, tenantId, email, role, credentials, expiresAt: new Date(exp * 1000) };
  }
}
