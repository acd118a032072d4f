import { Injectable } from '@nestjs/common';
import { newOpaqueToken, sha256Hex } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Passwords } from '../sign-in/passwords.js';
import { writeSecretToken } from '../sign-in/secret-tokens.js';
import { refuseTakenEmail } from './taken-email.js';
import { User } from './user.js';
import { Users } from './user.schema.js';
import { type CreateUserBody, type NewUserView, viewOf } from './users.dto.js';

const INVITATION_MS = 24 * 3600 * 1000;

@Injectable()
export class CreateUser {
  constructor(
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `already_exists` when any user of the installation has this address */
  async execute(tenantId: TenantId, { email, name, role, password }: CreateUserBody): Promise<NewUserView> {
    const now = this.clock.now();
    const credentials = password !== undefined && { passwordHash: await this.passwords.hash(password) };
    const user = User.create(tenantId, { email, name, role, ...credentials }, now);
    const secret = newOpaqueToken();
    if (!credentials) user.invite(sha256Hex(secret), new Date(now.getTime() + INVITATION_MS));
    await refuseTakenEmail(() => this.users.add(user));
    const view = viewOf(user);
    if (credentials) return view;
    return Object.assign(view, { setPasswordToken: writeSecretToken({ tenantId, id: user.userId, secret }) });
  }
}
