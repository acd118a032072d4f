import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import type { Principal } from '#kernel/http/principal';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Admins } from './admins.js';
import { People } from './people.js';
import { Users } from './user.schema.js';

/** Ends every token of a person. API keys that she made belong to the tenant and stay. */
@Injectable()
export class DeleteUser {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: Users,
    private readonly admins: Admins,
    private readonly people: People,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `forbidden` for oneself, `conflict` for the last admin */
  async execute({ tenantId, id: deletedBy }: Principal, userId: string): Promise<void> {
    if (deletedBy === userId) throw new Refusal('forbidden', 'Nobody deletes themselves; ask another admin.');
    await this.unitOfWork.run(tenantId, async () => {
      await this.admins.refuseToLoseTheLast(tenantId, userId);
      await this.users.change(tenantId, userId, (user) => {
        if (user.isDeleted) throw notFound('user');
        user.delete(deletedBy, this.clock.now());
      });
    });
    this.people.changed(tenantId, userId);
  }
}
