import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { Tenants } from '#modules/tenants/api';
import { Users } from '../accounts/user.schema.js';
import type { SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { readSecretToken } from './secret-tokens.js';
import { Sessions } from './session.schema.js';

/** Exchanges a refresh token for new tokens. It is valid once: used again, it ends its session. */
@Injectable()
export class RefreshSession {
  constructor(
    private readonly sessions: Sessions,
    private readonly users: Users,
    private readonly tenants: Tenants,
    private readonly openSession: OpenSession,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `unauthorized` for a token that is unknown, spent, expired, or from before a change of role or password */
  async execute(refreshToken: string): Promise<SignedIn> {
    const token = readSecretToken(refreshToken);
    if (!token || !(await this.sessions.find(token.tenantId, token.id))) throw sessionOver();
    const { tenantId, id, secret } = token;
    // The end of a session must commit, so the refusal is thrown after the transaction.
    const renewed = await this.sessions.change(tenantId, id, async (session) => {
      const now = this.clock.now();
      if (!session.accepts(secret, now)) return undefined;
      const user = await this.users.get(tenantId, session.userId);
      if (user.credentials === session.credentials) return { user, refreshToken: session.renew(now) };
      session.end(now);
      return undefined;
    });
    if (!renewed) throw sessionOver();
    return this.openSession.answer(renewed.user, renewed.refreshToken, await this.tenants.profile(tenantId));
  }
}

function sessionOver(): Refusal {
  return new Refusal('unauthorized', 'The session is over; sign in again.');
}
