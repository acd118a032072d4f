import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page, type PageQuery } from '#kernel/http/page';
import type { Trigger } from '../../domain/trigger.js';
import { Triggers } from '../../domain/triggers.js';

/** A tenant's triggers, newest first. */
@Injectable()
export class ListTriggers {
  constructor(
    private readonly triggers: Triggers,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, { limit, cursor }: PageQuery): Promise<Page<Trigger>> {
    const list = 'triggers';
    const [before] = (this.cursors.open(tenantId, list, cursor) ?? []) as [string?];
    const rows = await this.triggers.newestFirst(tenantId, before, limit + 1);
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ triggerId }) => [triggerId],
    });
  }
}
