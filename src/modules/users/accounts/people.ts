import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Refusal } from '#kernel/domain/errors';
import type { UserRole } from '#kernel/http/principal';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { isUniqueViolation } from '#kernel/persistence/database-errors';
import { gathered } from '#kernel/persistence/gathered';
import { Recent } from '#kernel/persistence/recent';

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

  /** Of each who listens to a stream it is asked again and again. */
  private readonly load = gathered((keys: readonly string[]) => this.loadMany(keys));

  constructor(private readonly batches: BatchWriter) {}

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

  /** @param keys as `find` makes them */
  private async loadMany(keys: readonly string[]): Promise<(Person | undefined)[]> {
    const places = keys.map((key) => key.split('/') as [TenantId, string]);
    const tenantIds = places.map(([tenantId]) => tenantId);
    const found = await this.batches.read<Person & { key: string }>([...new Set(tenantIds)], WHO_BELONGS, [
      tenantIds,
      places.map(([, userId]) => userId),
    ]);
    const people = new Map<string, Person>(found.map(({ key, ...person }) => [key, person]));
    return keys.map((key) => people.get(key));
  }
}

const WHO_BELONGS = {
  name: 'who-belongs-to-tenants',
  text: `
  SELECT tenant_id || '/' || user_id AS key, email, role, credentials, credentials_changed_at AS "credentialsChangedAt"
    FROM unnest($1::text[], $2::text[]) AS sought (tenant_id, user_id) JOIN users USING (tenant_id, user_id)
   WHERE deleted_at IS NULL`,
};

/** Runs what may give somebody an address that another one has, anywhere in the installation. */
export async function refusingTakenEmail<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!isUniqueViolation(cause)) throw cause;
    throw new Refusal('already_exists', 'There is an account with this e-mail address already.', { cause });
  }
}
