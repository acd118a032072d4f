import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { isEmail } from '#kernel/domain/email';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Principal, UserRole } from '#kernel/http/principal';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { TtlCache } from '#kernel/persistence/ttl-cache';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Tenants } from '#modules/tenants/api';
import { UserCache } from '../accounts/user-cache.js';
import { User } from '../accounts/user.js';
import { Users } from '../accounts/user.schema.js';

/** The claims of a verified token of the identity provider. */
export interface VerifiedClaims {
  readonly tenantId: TenantId;
  readonly subject: string;
  readonly email: unknown;
  readonly role: UserRole | undefined;
  readonly issuedAt: Date;
}

/** Users of an external identity provider. An unknown one is provisioned by its first request. */
@Injectable()
export class ExternalUsers {
  private readonly ids = new TtlCache<string | undefined>({
    ttlSeconds: 4,
    maxEntries: 50_000,
    load: (key) => this.idOf(key),
  });

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tenants: Tenants,
    private readonly userCache: UserCache,
    private readonly users: Users,
    private readonly clock: Clock,
  ) {}

  /** @returns false when the user was deleted here, or changed after the token was issued */
  async identify(claims: VerifiedClaims): Promise<Omit<Principal & { kind: 'user' }, 'expiresAt'> | false> {
    const { tenantId, subject, issuedAt } = claims;
    const id = (await this.ids.get(`${tenantId}/${subject}`)) ?? (await this.provision(claims));
    const user = id && (await this.userCache.find(tenantId, id));
    if (!user || (user.credentialsChangedAt && issuedAt < user.credentialsChangedAt)) return false;
    const { email, role, credentials } = user;
    return { kind: 'user', id, tenantId, email, role, credentials };
  }

  /** @returns undefined when claims of a new user are missing, or another user has the address */
  private async provision({ tenantId, subject, email, role }: VerifiedClaims): Promise<string | undefined> {
    if (!isEmail(email) || !role || !(await this.tenantExists(tenantId))) return undefined;
    const user = User.create(
      tenantId,
      { email, name: null, role, externalSubject: subject },
      this.clock.now(),
    );
    try {
      await this.users.add(user);
    } catch (error) {
      if (!isUniqueViolation(error)) throw error;
    }
    // Of several first requests at once one has created the user, and all of them find it.
    this.ids.forget(`${tenantId}/${subject}`);
    return this.ids.get(`${tenantId}/${subject}`);
  }

  private async tenantExists(tenantId: TenantId): Promise<boolean> {
    try {
      await this.tenants.profile(tenantId);
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'not_found') return false;
      throw error;
    }
  }

  /** Includes deleted users, which must not be provisioned again. */
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
