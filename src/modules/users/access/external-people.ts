import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { isEmail } from '#kernel/domain/email';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Principal, UserRole } from '#kernel/http/principal';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { Recent } from '#kernel/persistence/recent';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Tenants } from '#modules/tenants/api';
import { People } from '../accounts/people.js';
import { User } from '../accounts/user.js';
import { Users } from '../accounts/user.schema.js';

/** What a verified token of the identity provider says. */
export interface Vouched {
  readonly tenantId: TenantId;
  readonly subject: string;
  readonly email: unknown;
  readonly role: UserRole | undefined;
  readonly issuedAt: Date;
}

/** People whom an identity provider vouches for. One whom nobody here knows yet becomes a user by her first call. */
@Injectable()
export class ExternalPeople {
  private readonly ids = new Recent<string | undefined>({
    seconds: 4,
    most: 50_000,
    load: (key) => this.idOf(key),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: Tenants,
    private readonly people: People,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** @returns false for somebody who was deleted here, or whose role changed after the token was issued */
  async whoIs(vouched: Vouched): Promise<Omit<Principal & { kind: 'user' }, 'expiresAt'> | false> {
    const { tenantId, subject, issuedAt } = vouched;
    const id = (await this.ids.get(`${tenantId}/${subject}`)) ?? (await this.welcome(vouched));
    const person = id && (await this.people.find(tenantId, id));
    if (!person || (person.credentialsChangedAt && issuedAt < person.credentialsChangedAt)) return false;
    const { email, role, credentials } = person;
    return { kind: 'user', id, tenantId, email, role, credentials };
  }

  /** @returns undefined when the token says too little to make a user of, or names an address that another one has */
  private async welcome({ tenantId, subject, email, role }: Vouched): Promise<string | undefined> {
    if (!isEmail(email) || !role || !(await this.exists(tenantId))) return undefined;
    const user = User.join(tenantId, { email, name: null, role, externalSubject: subject }, this.clock.now());
    try {
      await this.users.add(user);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    // Of several first calls at once one has made the user, and all of them find her.
    this.ids.forget(`${tenantId}/${subject}`);
    return this.ids.get(`${tenantId}/${subject}`);
  }

  private async exists(tenantId: TenantId): Promise<boolean> {
    try {
      await this.tenants.profile(tenantId);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_found') return false;
      throw error;
    }
  }

  /** Of the deleted, too: they are known, and not welcome. */
  private async idOf(key: string): Promise<string | undefined> {
    const at = key.indexOf('/');
    const [tenantId, subject] = [key.slice(0, at) as TenantId, key.slice(at + 1)];
    const [user] = await this.unitOfWork.query<{ user_id: string }>(
      tenantId,
      'SELECT user_id FROM users WHERE tenant_id = $1 AND external_subject = $2',
      [tenantId, subject],
    );
    return user?.user_id;
  }
}
