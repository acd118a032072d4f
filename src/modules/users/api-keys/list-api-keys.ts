import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type PageQuery } from '#kernel/http/page';
import type { Scope } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { ApiKeyPage, ApiKeyView } from './api-keys.dto.js';

export const KEY_COLUMNS = `key_id AS "keyId", name, prefix, scopes, created_at AS "createdAt", expires_at AS "expiresAt",
  last_used_at AS "lastUsedAt"`;

/** The API keys of a tenant, oldest first. */
@Injectable()
export class ListApiKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, { limit, cursor }: PageQuery): Promise<ApiKeyPage> {
    const [after = ''] = this.cursors.open(tenantId, 'api-keys', cursor) ?? [];
    const rows = await this.unitOfWork.query<KeyRow>(
      tenantId,
      `SELECT ${KEY_COLUMNS} FROM api_keys WHERE tenant_id = $1 AND key_id > $2 ORDER BY key_id LIMIT $3`,
      [tenantId, after, limit + 1],
    );
    const page = this.cursors.page(rows, {
      tenantId,
      list: 'api-keys',
      limit,
      position: ({ keyId }) => [keyId],
    });
    return { ...page, items: page.items.map(viewOf) };
  }
}

export interface KeyRow {
  readonly keyId: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
}

export function viewOf({ createdAt, expiresAt, lastUsedAt, ...key }: KeyRow): ApiKeyView {
  return {
    ...key,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  };
}
