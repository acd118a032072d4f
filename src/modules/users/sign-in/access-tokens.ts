import { Inject, Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import type { User } from '../accounts/user.js';

export const ISSUER = 'causeflow';
export const AUDIENCE = 'causeflow-api';
export const ACCESS_TOKEN_SECONDS = 3600;

/** The claims of a token issued by this server. */
export interface AccessClaims {
  readonly sub: string;
  readonly email: string;
  readonly tenant_id: string;
  readonly roles: readonly string[];
  /** `User.credentials` at the time of issue. */
  readonly credentials: number;
  /** Issued always, but not required by the library that verifies. */
  readonly exp?: number;
}

@Injectable()
export class AccessTokens {
  constructor(
    @Inject(Config) private readonly config: Config,
    private readonly clock: Clock,
  ) {}

  issue({ userId, email, tenantId, role, credentials }: User): string {
    const iat = Math.floor(this.clock.now().getTime() / 1000);
    const claims = { email, tenant_id: tenantId, roles: [role], credentials, iat };
    return jwt.sign(claims, this.config.jwtSecret, {
      algorithm: 'HS256',
      subject: userId,
      issuer: ISSUER,
      audience: AUDIENCE,
      expiresIn: ACCESS_TOKEN_SECONDS,
    });
  }
}
