import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { newTenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Tenants } from '#modules/tenants/api';
import { refuseTakenEmail } from '../accounts/taken-email.js';
import { User } from '../accounts/user.js';
import { Users } from '../accounts/user.schema.js';
import type { RegisterBody, SignedIn } from './auth.dto.js';
import { OpenSession } from './open-session.js';
import { Passwords } from './passwords.js';

/** Creates a tenant with its first admin, and signs them in, in one transaction. */
@Injectable()
export class Register {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: Tenants,
    private readonly users: Users,
    private readonly passwords: Passwords,
    private readonly openSession: OpenSession,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `already_exists` when any user of the installation has this address */
  async execute({ email, password, name = null, tenantName, plan = 'pro' }: RegisterBody): Promise<SignedIn> {
    const passwordHash = await this.passwords.hash(password);
    const tenantId = newTenantId();
    return refuseTakenEmail(() =>
      this.unitOfWork.run(tenantId, async () => {
        const tenant = await this.tenants.create(tenantId, tenantName, plan);
        const admin = User.create(tenantId, { email, name, role: 'admin', passwordHash }, this.clock.now());
        await this.users.add(admin);
        return this.openSession.execute(admin, tenant);
      }),
    );
  }
}
