import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import type { Principal } from '#kernel/http/principal';
import { UserCache } from '../accounts/user-cache.js';
import { ApiKeyCache } from '../api-keys/api-key-cache.js';
import { Principals } from '../api.js';

@Injectable()
export class CurrentPrincipals extends Principals {
  constructor(
    private readonly userCache: UserCache,
    private readonly keys: ApiKeyCache,
    private readonly clock: Clock,
  ) {
    super();
  }

  async stillValid(caller: Principal): Promise<boolean> {
    if (caller.expiresAt && caller.expiresAt <= this.clock.now()) return false;
    if (caller.kind === 'key') return this.keys.isLive(caller.tenantId, caller.id);
    return (
      (await this.userCache.withCredentials(caller.tenantId, caller.id, caller.credentials)) !== undefined
    );
  }

  async isAdmin(tenantId: TenantId, userId: string): Promise<boolean> {
    this.userCache.evict(tenantId, userId);
    return (await this.userCache.find(tenantId, userId))?.role === 'admin';
  }
}
