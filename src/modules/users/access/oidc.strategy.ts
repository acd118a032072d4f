import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { OidcConfig } from '#kernel/config/oidc-config';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal, UserRole } from '#kernel/http/principal';
import type { ExternalPeople } from './external-people.js';
import { oidcKeys } from './oidc-keys.js';
import { OIDC } from './token-guards.js';

/** OpenID Connect: at most 255 ASCII characters. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

type Claims = Readonly<Record<string, unknown>>;

/** Tokens of the external identity provider. */
export class OidcStrategy extends PassportStrategy(Strategy, OIDC) {
  constructor(
    private readonly oidc: OidcConfig,
    private readonly people: ExternalPeople,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: oidcKeys(oidc),
      algorithms: ['RS256', 'ES256'],
      issuer: oidc.issuer,
      audience: oidc.audience,
    });
  }

  /** @returns false for a token that says too little, or whose user may not come in */
  async validate(claims: Claims): Promise<Principal | false> {
    const { tenantClaim, rolesClaim, emailClaim, issuer } = this.oidc;
    const { sub, exp, iat } = claims;
    const tenantId = asTenantId(claims[tenantClaim]);
    // A token that never expires is one that nobody can take back.
    if (!tenantId || typeof sub !== 'string' || !SUBJECT.test(sub) || typeof exp !== 'number') return false;
    const person = await this.people.whoIs({
      tenantId,
      subject: `${issuer}|${sub}`,
      email: claims[emailClaim],
      role: claimedRole(claims[rolesClaim]),
      issuedAt: new Date(typeof iat === 'number' ? iat * 1000 : 0),
    });
    return person && { ...person, expiresAt: new Date(exp * 1000) };
  }
}

function claimedRole(claim: unknown): UserRole | undefined {
  const roles = [claim].flat();
  return (['admin', 'member'] as const).find((role) => roles.includes(role));
}
