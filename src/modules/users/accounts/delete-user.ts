import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Admins } from './admins.js';
import { UserCache } from './user-cache.js';
import { Users } from './user.schema.js';

/** Revokes every token of the user. API keys that they created belong to the tenant and stay. */
@Injectable()
export class DeleteUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly admins: Admins,
    private readonly userCache: UserCache,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `forbidden` for oneself, `conflict` for the last admin */
  async execute({ tenantId, id: deletedBy }: Principal, userId: string): Promise<void> {
    if (deletedBy === userId)
      throw new Refusal('forbidden', 'You cannot delete yourself; ask another admin.');
    await this.unitOfWork.run(tenantId, async () => {
      await this.admins.requireAnotherAdmin(tenantId, userId);
      await this.users.change(tenantId, userId, (user) => {
        if (user.isDeleted) throw notFound('user');
        user.delete(deletedBy, this.clock.now());
      });
    });
    this.userCache.evict(tenantId, userId);
  }
}
