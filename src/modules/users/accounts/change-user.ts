import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Admins } from './admins.js';
import { refuseTakenEmail } from './taken-email.js';
import { UserCache } from './user-cache.js';
import { Users } from './user.schema.js';
import { type ChangeUserBody, type UserView, viewOf } from './users.dto.js';

/** A change of role revokes every earlier token of the user. */
@Injectable()
export class ChangeUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly admins: Admins,
    private readonly userCache: UserCache,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `forbidden` for one's own role, `conflict` for the last admin's, `already_exists` for a taken address */
  async execute({ tenantId, id }: Principal, userId: string, to: ChangeUserBody): Promise<UserView> {
    const isOwn = id === userId;
    const changed = await refuseTakenEmail(() =>
      this.unitOfWork.run(tenantId, async () => {
        if (to.role === 'member' && !isOwn) await this.admins.requireAnotherAdmin(tenantId, userId);
        return this.users.change(tenantId, userId, (user) => {
          if (user.isDeleted) throw notFound('user');
          // Compared with the row, since this replica's cache may still show a role that was just removed.
          if (isOwn && to.role !== undefined && to.role !== user.role)
            throw new Refusal('forbidden', 'You cannot change your own role; ask another admin.');
          user.change(to, this.clock.now());
          return viewOf(user);
        });
      }),
    );
    this.userCache.evict(tenantId, userId);
    return changed;
  }
}
