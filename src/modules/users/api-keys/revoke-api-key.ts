import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { ApiKeyCache } from './api-key-cache.js';

/** A revoked key stops working at once on this replica, and within 5 s on the others. */
@Injectable()
export class RevokeApiKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keyCache: ApiKeyCache,
  ) {}

  async execute(tenantId: TenantId, keyId: string): Promise<void> {
    const revoked = await this.unitOfWork.query(
      tenantId,
      'DELETE FROM api_keys WHERE tenant_id = $1 AND key_id = $2 RETURNING key_id',
      [tenantId, keyId],
    );
    if (revoked.length === 0) throw notFound('API key');
    this.keyCache.evict(tenantId, keyId);
  }
}
