import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Admins } from './admins.js';
import { People, refusingTakenEmail } from './people.js';
import { Users } from './user.schema.js';
import { type ChangeUserBody, type UserView, viewOf } from './users.dto.js';

/** A change of role ends every earlier token of that person. */
@Injectable()
export class ChangeUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly admins: Admins,
    private readonly people: People,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `forbidden` for one's own role, `conflict` for the last admin's, `already_exists` for a taken address */
  async execute({ tenantId, id }: Principal, userId: string, to: ChangeUserBody): Promise<UserView> {
    const isOwn = id === userId;
    const changed = await refusingTakenEmail(() =>
      this.unitOfWork.run(tenantId, async () => {
        if (to.role === 'member' && !isOwn) await this.admins.refuseToLoseTheLast(tenantId, userId);
        return this.users.change(tenantId, userId, (user) => {
          if (user.isDeleted) throw notFound('user');
          // By her row: who was dismissed a moment ago is still an admin to a replica that has not heard of it.
          if (isOwn && to.role !== undefined && to.role !== user.role)
            throw new Refusal('forbidden', 'Nobody changes their own role; ask another admin.');
          user.change(to, this.clock.now());
          return viewOf(user);
        });
      }),
    );
    this.people.changed(tenantId, userId);
    return changed;
  }
}
