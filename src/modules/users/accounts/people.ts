import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Refusal } from '#kernel/domain/errors';
import type { UserRole } from '#kernel/http/principal';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { Recent } from '#kernel/persistence/recent';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** What a token is held against. */
export interface Person {
  readonly email: string;
  readonly role: UserRole;
  readonly credentials: number;
  readonly credentialsChangedAt: Date | null;
}

/** Who belongs to a tenant at present, as of at most a few seconds ago: asked at every call. */
@Injectable()
export class People {
  private readonly recent = new Recent<Person | undefined>({
    seconds: 3,
    most: 50_000,
    load: (key) => this.load(key),
  });

  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @returns undefined for someone who was never there or was deleted */
  find(tenantId: TenantId, userId: string): Promise<Person | undefined> {
    return this.recent.get(`${tenantId}/${userId}`);
  }

  /**
   * @param credentials the count in a token that was issued here; one that is ahead of what we remember is newer than it
   * @returns undefined, too, for someone who has changed since the token was issued
   */
  async holding(tenantId: TenantId, userId: string, credentials: number): Promise<Person | undefined> {
    let person = await this.find(tenantId, userId);
    if (person && person.credentials < credentials) {
      this.changed(tenantId, userId);
      person = await this.find(tenantId, userId);
    }
    return person?.credentials === credentials ? person : undefined;
  }

  /** To be called after a change was committed, so that this replica knows it at once. */
  changed(tenantId: TenantId, userId: string): void {
    this.recent.forget(`${tenantId}/${userId}`);
  }

  private async load(key: string): Promise<Person | undefined> {
    const [tenantId, userId] = key.split('/') as [TenantId, string];
    const [person] = await this.unitOfWork.query<Person>(
      tenantId,
      `SELECT email, role, credentials, credentials_changed_at AS "credentialsChangedAt"
         FROM users WHERE tenant_id = $1 AND user_id = $2 AND deleted_at IS NULL`,
      [tenantId, userId],
    );
    return person;
  }
}

/** Runs what may give somebody an address that another one has, anywhere in the installation. */
export async function refusingTakenEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new Refusal('already_exists', 'There is an account with this e-mail address already.', { cause });
  }
}
