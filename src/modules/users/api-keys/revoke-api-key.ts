import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { LiveKeys } from './live-keys.js';

/** A revoked key is forgotten here at once, and on the other replicas within 5 s. */
@Injectable()
export class RevokeApiKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly liveKeys: LiveKeys,
  ) {}

  async execute(tenantId: TenantId, keyId: string): Promise<void> {
    const revoked = await this.unitOfWork.query(
      tenantId,
      'DELETE FROM api_keys WHERE tenant_id = $1 AND key_id = $2 RETURNING key_id',
      [tenantId, keyId],
    );
    if (revoked.length === 0) throw notFound('API key');
    this.liveKeys.changed(tenantId, keyId);
  }
}
