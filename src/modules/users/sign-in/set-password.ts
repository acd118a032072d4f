import { Injectable } from '@nestjs/common';
import { sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import { People } from '../accounts/people.js';
import { Users } from '../accounts/user.schema.js';
import type { SetPasswordBody, SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';
import { readSecretToken } from './secret-tokens.js';

/** Lets an invited person choose a password, once. */
@Injectable()
export class SetPassword {
  constructor(
    private readonly users: Users,
    private readonly people: People,
    private readonly passwords: Passwords,
    private readonly openSession: OpenSession,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `invalid_credentials` for a token that is unknown, used or expired */
  async execute({ token, newPassword }: SetPasswordBody): Promise<SignedIn> {
    const shown = readSecretToken(token);
    const invited = shown && (await this.users.find(shown.tenantId, shown.id));
    if (!invited) throw notInvited();
    const passwordHash = await this.passwords.hash(newPassword);
    const user = await this.users.change(shown.tenantId, shown.id, (person) => {
      const now = this.clock.now();
      if (!person.holdsInvitation(sha256Hex(shown.secret), now)) throw notInvited();
      person.setPassword(passwordHash, now);
      return person;
    });
    this.people.changed(user.tenantId, user.userId);
    return this.openSession.execute(user);
  }
}

function notInvited(): Refusal {
  return new Refusal('invalid_credentials', 'The token was used, has expired, or was never issued.');
}
