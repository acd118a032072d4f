import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import type { UserRole } from '#kernel/http/principal';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { batchedLookup } from '#kernel/persistence/batched-lookup';
import { TtlCache } from '#kernel/persistence/ttl-cache';

/** What a token is checked against. */
export interface CachedUser {
  readonly email: string;
  readonly role: UserRole;
  readonly credentials: number;
  readonly credentialsChangedAt: Date | null;
}

/** The users of tenants, at most a few seconds old: read at every request. */
@Injectable()
export class UserCache {
  private readonly recent = new TtlCache<CachedUser | undefined>({
    ttlSeconds: 3,
    maxEntries: 50_000,
    load: (key) => this.load(key),
  });

  /** Batched: every open stream checks its user again and again. */
  private readonly load = batchedLookup((keys: readonly string[]) => this.loadMany(keys));

  constructor(private readonly batches: BatchWriter) {}

  /** @returns undefined when the user never existed or was deleted */
  find(tenantId: TenantId, userId: string): Promise<CachedUser | undefined> {
    return this.recent.get(`${tenantId}/${userId}`);
  }

  /**
   * @param credentials the count in a token issued by this server; a count ahead of the cached one means that the cache is stale
   * @returns undefined also when the user's credentials have changed since the token was issued
   */
  async withCredentials(
    tenantId: TenantId,
    userId: string,
    credentials: number,
  ): Promise<CachedUser | undefined> {
    let user = await this.find(tenantId, userId);
    if (user && user.credentials < credentials) {
      this.evict(tenantId, userId);
      user = await this.find(tenantId, userId);
    }
    return user?.credentials === credentials ? user : undefined;
  }

  /** To be called after a change has committed, so that it takes effect on this replica at once. */
  evict(tenantId: TenantId, userId: string): void {
    this.recent.forget(`${tenantId}/${userId}`);
  }

  /** @param keys `tenantId/userId` */
  private async loadMany(keys: readonly string[]): Promise<(CachedUser | undefined)[]> {
    const ids = keys.map((key) => key.split('/') as [TenantId, string]);
    const tenantIds = ids.map(([tenantId]) => tenantId);
    const found = await this.batches.read<CachedUser & { key: string }>(
      [...new Set(tenantIds)],
      WHO_BELONGS,
      [tenantIds, ids.map(([, userId]) => userId)],
    );
    const users = new Map<string, CachedUser>(found.map(({ key, ...user }) => [key, user]));
    return keys.map((key) => users.get(key));
  }
}

const WHO_BELONGS = {
  name: 'find-members',
  text: `
  SELECT tenant_id || '/' || user_id AS key, email, role, credentials, credentials_changed_at AS "credentialsChangedAt"
    FROM unnest($1::text[], $2::text[]) AS sought (tenant_id, user_id) JOIN users USING (tenant_id, user_id)
   WHERE deleted_at IS NULL`,
};
