import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { emailKey, type User } from '../accounts/user.js';
import { Users } from '../accounts/user.schema.js';
import type { LogInBody, SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';
import { SignInFailures } from './sign-in-failures.js';

@Injectable()
export class LogIn {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly failures: SignInFailures,
    private readonly openSession: OpenSession,
  ) {}

  /**
   * @param address the client's IP address; failures are counted for it and for the e-mail address
   * @throws Refusal `invalid_credentials`, with the same message and cost whether the e-mail address is known or not
   */
  async execute({ email, password }: LogInBody, address: string): Promise<SignedIn> {
    const key = emailKey(email);
    const user = await this.failures.guard(key, address, () => this.userBy(key, password));
    if (!user) throw wrongCredentials();
    return this.openSession.execute(user);
  }

  private async userBy(key: string, password: string): Promise<User | undefined> {
    const [found] = await this.unitOfWork.lookUp<SignInRow>('SELECT * FROM find_sign_in($1)', [key]);
    const matches = await this.passwords.matches(password, found?.password_hash);
    const user = matches && found ? await this.users.find(found.tenant_id, found.user_id) : undefined;
    // The password may have changed during the comparison, and the old one must not sign in any more. Deleted users have none.
    return user?.passwordHash === found?.password_hash ? user : undefined;
  }
}

interface SignInRow {
  readonly tenant_id: TenantId;
  readonly user_id: string;
  readonly password_hash: string | null;
}

export function wrongCredentials(): Refusal {
  return new Refusal('invalid_credentials', 'The e-mail address or the password is wrong.');
}
