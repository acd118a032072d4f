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
  async execute({ tenantId, ...caller }: Principal, userId: string, to: ChangeUserBody): Promise<UserView> {
    if (caller.id === userId && caller.kind === 'user' && to.role !== undefined && to.role !== caller.role) {
      throw new Refusal('forbidden', 'Nobody changes their own role; ask another admin.');
    }
    const changed = await refusingTakenEmail(() =>
      this.unitOfWork.run(tenantId, async () => {
        if (to.role === 'member') await this.admins.refuseToLoseTheLast(tenantId, userId);
        return this.users.change(tenantId, userId, (user) => {
          if (user.isDeleted) throw notFound('user');
          user.change(to, this.clock.now());
          return viewOf(user);
        });
      }),
    );
    this.people.changed(tenantId, userId);
    return changed;
  }
}
