import { Inject, Injectable } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { Config } from '#kernel/config/config';
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
  constructor(@Inject(Config) private readonly config: Config) {}

  issue({ userId, email, tenantId, role, credentials }: User): string {
    return jwt.sign({ email, tenant_id: tenantId, roles: [role], credentials }, this.config.jwtSecret, {
      algorithm: 'HS256',
      subject: userId,
      issuer: ISSUER,
      audience: AUDIENCE,
      expiresIn: ACCESS_TOKEN_SECONDS,
    });
  }
}
