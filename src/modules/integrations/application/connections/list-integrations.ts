import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page, type PageQuery } from '#kernel/http/page';
import type { Integration } from '../../domain/integration.js';
import { Integrations } from '../../domain/integrations.js';

/** A tenant's integrations, newest first. */
@Injectable()
export class ListIntegrations {
  constructor(
    private readonly integrations: Integrations,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, { limit, cursor }: PageQuery): Promise<Page<Integration>> {
    const list = 'integrations';
    const [before] = this.cursors.open(tenantId, list, cursor) ?? [];
    const rows = await this.integrations.newestFirst(tenantId, {
      before: before as string | undefined,
      limit: limit + 1,
    });
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ integrationId }) => [integrationId],
    });
  }
}
