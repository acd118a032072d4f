import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { readSecretToken } from './secret-tokens.js';
import { Sessions } from './session.schema.js';

/** Ends the session of a refresh token. Idempotent: an ended or unknown session is no error. */
@Injectable()
export class LogOut {
  constructor(
    private readonly sessions: Sessions,
    private readonly clock: Clock,
  ) {}

  async execute(refreshToken: string): Promise<void> {
    const token = readSecretToken(refreshToken);
    if (!token || !(await this.sessions.find(token.tenantId, token.id))) return;
    // The secret is not checked: a spent one proves a copy, which is one more reason to end the session.
    await this.sessions.change(token.tenantId, token.id, (session) => {
      session.end(this.clock.now());
    });
  }
}
