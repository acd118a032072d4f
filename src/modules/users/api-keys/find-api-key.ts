import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { ApiKeyView } from './api-keys.dto.js';
import { KEY_COLUMNS, type KeyRow, viewOf } from './list-api-keys.js';

@Injectable()
export class FindApiKey {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws Refusal `not_found`, for a revoked key, too */
  async execute(tenantId: TenantId, keyId: string): Promise<ApiKeyView> {
    const [row] = await this.unitOfWork.query<KeyRow>(
      tenantId,
      `SELECT ${KEY_COLUMNS} FROM api_keys WHERE tenant_id = $1 AND key_id = $2`,
      [tenantId, keyId],
    );
    if (!row) throw notFound('API key');
    return viewOf(row);
  }
}
