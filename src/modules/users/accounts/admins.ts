import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';

/** Ensures that a tenant always has an admin. */
@Injectable()
export class Admins {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * To be called first in the transaction that removes an admin. It serialises such transactions per tenant, so that two
   * admins who remove each other do so one after the other.
   * @throws Refusal `conflict`
   */
  async requireAnotherAdmin(tenantId: TenantId, userId: string): Promise<void> {
    // Row locks would not do: the set of admins changes while a transaction waits, and with it the lock order.
    await this.unitOfWork.takeLock(tenantId, 'admins');
    const admins = await this.unitOfWork.query<{ user_id: string }>(
      tenantId,
      `SELECT user_id FROM users WHERE tenant_id = $1 AND role = 'admin' AND deleted_at IS NULL LIMIT 2`,
      [tenantId],
    );
    if (admins.length === 1 && admins[0]?.user_id === userId) {
      throw new Refusal('conflict', 'This is the last admin; make another user an admin first.');
    }
  }
}
