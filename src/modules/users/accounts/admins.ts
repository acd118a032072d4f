import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Sees to it that a tenant always has somebody who can administer it. */
@Injectable()
export class Admins {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * To be asked first thing in the transaction that takes the role away. Until it ends no other one of this tenant gets
   * past here, so that two who dismiss each other do so one after the other.
   * @throws Refusal `conflict`
   */
  async refuseToLoseTheLast(tenantId: TenantId, userId: string): Promise<void> {
    // Not by locking the rows: who is an admin changes while one waits, and with it the order of the locks.
    await this.unitOfWork.takeTurn(tenantId, 'admins');
    const admins = await this.unitOfWork.query<{ user_id: string }>(
      tenantId,
      `SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'admin' AND deleted_at IS NULL LIMIT 2`,
      [tenantId],
    );
    if (admins.length === 1 && admins[0]?.user_id === userId) {
      throw new Refusal('conflict', 'This is the last admin; make somebody else an admin first.');
    }
  }
}
