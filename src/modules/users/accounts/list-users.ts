import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type PageQuery } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { User } from './user.js';
import { type UserPage, viewOf } from './users.dto.js';

/** The users of a tenant, oldest first. */
@Injectable()
export class ListUsers {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, { limit, cursor }: PageQuery): Promise<UserPage> {
    const [after = ''] = this.cursors.open(tenantId, 'users', cursor) ?? [];
    const rows = await this.unitOfWork.query<User>(
      tenantId,
      `SELECT user_id AS "userId", email, name, role, created_at AS "createdAt", updated_at AS "updatedAt"
         FROM users WHERE tenant_id = $1 AND user_id > $2 AND deleted_at IS NULL ORDER BY user_id LIMIT $3`,
      [tenantId, after, limit + 1],
    );
    const page = this.cursors.page(rows, {
      tenantId,
      list: 'users',
      limit,
      position: ({ userId }) => [userId],
    });
    return { ...page, items: page.items.map(viewOf) };
  }
}
