import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { emailKey } from '../accounts/user.js';
import { Users } from '../accounts/user.schema.js';
import type { LogInBody, SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';

@Injectable()
export class LogIn {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly openSession: OpenSession,
  ) {}

  /** @throws Refusal `invalid_credentials`, the same and after the same work whether the address is known or not */
  async execute({ email, password }: LogInBody): Promise<SignedIn> {
    const [found] = await this.unitOfWork.lookUp<SignInRow>('SELECT * FROM find_sign_in($1)', [
      emailKey(email),
    ]);
    const matches = await this.passwords.matches(password, found?.password_hash);
    const user = matches && found ? await this.users.find(found.tenant_id, found.user_id) : undefined;
    if (!user || user.isDeleted) throw wrongCredentials();
    return this.openSession.execute(user);
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
