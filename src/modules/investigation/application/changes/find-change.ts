import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { CHANGE_COLUMNS, type ChangeRow } from './list-changes.js';

@Injectable()
export class FindChange {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, changeId: string): Promise<ChangeRow> {
    const [row] = await this.unitOfWork.query<ChangeRow>(
      tenantId,
      `SELECT ${CHANGE_COLUMNS} FROM changes WHERE tenant_id = $1 AND change_id = $2`,
      [tenantId, changeId],
    );
    if (!row) throw notFound('change');
    return row;
  }
}
