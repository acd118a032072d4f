import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { type TenantProfile, Tenants } from '#modules/tenants/api';
import type { User } from '../accounts/user.js';
import { viewOf } from '../accounts/users.dto.js';
import { ACCESS_TOKEN_SECONDS, AccessTokens } from './access-tokens.js';
import type { SignedIn } from './auth.dto.js';
import { Session } from './session.js';
import { Sessions } from './session.schema.js';

/** Signs a user in, after registration, login or a change of password. */
@Injectable()
export class OpenSession {
  constructor(
    private readonly sessions: Sessions,
    private readonly tenants: Tenants,
    private readonly tokens: AccessTokens,
    private readonly clock: Clock,
  ) {}

  async execute(user: User, tenant?: TenantProfile): Promise<SignedIn> {
    const now = this.clock.now();
    const session = Session.open(user, now);
    const refreshToken = session.renew(now);
    await this.sessions.add(session);
    return this.answer(user, refreshToken, tenant ?? (await this.tenants.profile(user.tenantId)));
  }

  answer(user: User, refreshToken: string, tenant: TenantProfile): SignedIn {
    const accessToken = this.tokens.issue(user);
    return {
      accessToken,
      refreshToken,
      tokenType: 'Bearer',
      expiresIn: ACCESS_TOKEN_SECONDS,
      tenant,
      user: viewOf(user),
    };
  }
}
