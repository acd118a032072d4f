import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { UserCache } from '../accounts/user-cache.js';
import { Users } from '../accounts/user.schema.js';
import type { SetPasswordBody, SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';
import { readSecretToken } from './secret-tokens.js';

/** Sets the password of an invited user, once. */
@Injectable()
export class SetPassword {
  constructor(
    private readonly users: Users,
    private readonly userCache: UserCache,
    private readonly passwords: Passwords,
    private readonly openSession: OpenSession,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `invalid_credentials` for a token that is unknown, used or expired */
  async execute({ token, newPassword }: SetPasswordBody): Promise<SignedIn> {
    const invitation = readSecretToken(token);
    const invited = invitation && (await this.users.find(invitation.tenantId, invitation.id));
    if (!invited) throw notInvited();
    const passwordHash = await this.passwords.hash(newPassword);
    const user = await this.users.change(invitation.tenantId, invitation.id, (person) => {
      const now = this.clock.now();
      if (!person.holdsInvitation(sha256Hex(invitation.secret), now)) throw notInvited();
      person.setPassword(passwordHash, now);
      return person;
    });
    this.userCache.evict(user.tenantId, user.userId);
    return this.openSession.execute(user);
  }
}

function notInvited(): Refusal {
  return new Refusal('invalid_credentials', 'The token is used, expired or unknown.');
}
