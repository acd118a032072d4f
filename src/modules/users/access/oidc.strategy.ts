import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';
import type { OidcConfig } from '#kernel/config/oidc-config';
import type { Clock } from '#kernel/domain/clock';
import type { Refusal } from '#kernel/domain/errors';
import { asTenantId } from '#kernel/domain/ids';
import type { Principal, UserRole } from '#kernel/http/principal';
import type { ExternalUsers } from './external-users.js';
import { oidcKeys } from './oidc-keys.js';
import { OIDC, unauthorized, unexpired } from './token-guards.js';

/** OpenID Connect: at most 255 ASCII characters. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/;

type Claims = Readonly<Record<string, unknown>>;

/** Tokens of the external identity provider. */
export class OidcStrategy extends PassportStrategy(Strategy, OIDC) {
  constructor(
    private readonly oidc: OidcConfig,
    private readonly externalUsers: ExternalUsers,
    private readonly clock: Clock,
  ) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: oidcKeys(oidc),
      algorithms: ['RS256', 'ES256'],
      issuer: oidc.issuer,
      audience: oidc.audience,
      // `validate` refuses expired tokens.
      ignoreExpiration: true,
    });
  }

  /** @throws Refusal `unauthorized` for a token with missing claims or of a user without access; the reason is logged */
  async validate(claims: Claims): Promise<Principal> {
    const { tenantClaim, rolesClaim, emailClaim, issuer } = this.oidc;
    const { sub, exp, iat } = claims;
    const tenantId = asTenantId(claims[tenantClaim]);
    if (!tenantId) throw refused(`its claim ${tenantClaim} is not a tenant id`);
    if (typeof sub !== 'string' || !SUBJECT.test(sub)) throw refused('it has no usable subject');
    if (typeof exp !== 'number') throw refused('it never expires');
    const expiresAt = unexpired(exp, this.clock);
    const user = await this.externalUsers.identify({
      tenantId,
      subject: `${issuer}|${sub}`,
      email: claims[emailClaim],
      role: claimedRole(claims[rolesClaim]),
      issuedAt: new Date(typeof iat === 'number' ? iat * 1000 : 0),
    });
    if (!user)
      throw refused(
        `the tenant does not exist, the user was deleted or changed since, or a new user has no role in ${rolesClaim} ` +
          `or no unused address in ${emailClaim}`,
      );
    return { ...user, expiresAt };
  }
}

function refused(why: string): Refusal {
  return unauthorized(new Error(why));
}

function claimedRole(claim: unknown): UserRole | undefined {
  const roles = [claim].flat();
  return (['admin', 'member'] as const).find((role) => roles.includes(role));
}
