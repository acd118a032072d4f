import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { NewChange } from '../../api.js';

export interface ChangeRow extends NewChange {
  readonly changeId: string;
}

export interface ChangeFilter {
  readonly service?: string;
  readonly type?: NewChange['type'];
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
  readonly cursor?: string;
}

export const CHANGE_COLUMNS = `change_id AS "changeId", type, service, environment, version, summary, url,
  occurred_at AS "occurredAt"`;

/** Recorded changes, latest `occurredAt` first. */
@Injectable()
export class ListChanges {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, filter: ChangeFilter): Promise<Page<ChangeRow>> {
    const { limit } = filter;
    const list = 'changes';
    const after = this.cursors.open(tenantId, list, filter.cursor);
    const parameters: unknown[] = [tenantId];
    const bind = (value: unknown): string => `$${parameters.push(value)}`;

    const conditions = ['tenant_id = $1'];
    if (filter.service !== undefined) conditions.push(`service = ${bind(filter.service)}`);
    if (filter.type !== undefined) conditions.push(`type = ${bind(filter.type)}`);
    if (filter.from !== undefined) conditions.push(`occurred_at >= ${bind(filter.from)}`);
    if (filter.to !== undefined) conditions.push(`occurred_at < ${bind(filter.to)}`);
    if (after) conditions.push(`(occurred_at, change_id) < (${after.map(bind).join(', ')})`);
    const rows = await this.unitOfWork.query<ChangeRow>(
      tenantId,
      `SELECT ${CHANGE_COLUMNS} FROM changes WHERE ${conditions.join(' AND ')}
        ORDER BY occurred_at DESC, change_id DESC LIMIT ${bind(limit + 1)}`,
      parameters,
    );
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ occurredAt, changeId }) => [occurredAt.toISOString(), changeId],
    });
  }
}
