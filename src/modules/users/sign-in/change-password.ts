import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { Principal } from '#kernel/http/principal';
import { UserCache } from '../accounts/user-cache.js';
import { Users } from '../accounts/user.schema.js';
import type { ChangePasswordBody, SignedIn } from './auth.dto.js';
import { wrongCredentials } from './log-in.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';
import { SignInFailures } from './sign-in-failures.js';

/** Revokes every session and token of a user, and opens a new session. */
@Injectable()
export class ChangePassword {
  constructor(
    private readonly users: Users,
    private readonly userCache: UserCache,
    private readonly passwords: Passwords,
    private readonly failures: SignInFailures,
    private readonly openSession: OpenSession,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `invalid_credentials` when the present password is wrong, `rate_limit_exceeded` after too many failures */
  async execute({ tenantId, id }: Principal, body: ChangePasswordBody, address: string): Promise<SignedIn> {
    const { emailKey, passwordHash } = await this.users.get(tenantId, id);
    const matches = await this.failures.guard(emailKey, address, async () =>
      (await this.passwords.matches(body.currentPassword, passwordHash)) ? true : undefined,
    );
    if (!matches) throw wrongCredentials();
    const newHash = await this.passwords.hash(body.newPassword);
    const user = await this.users.change(tenantId, id, (person) => {
      // Of two changes at once the second has checked a password that is no longer valid.
      if (person.passwordHash !== passwordHash) throw wrongCredentials();
      person.setPassword(newHash, this.clock.now());
      return person;
    });
    this.userCache.evict(tenantId, id);
    return this.openSession.execute(user);
  }
}
