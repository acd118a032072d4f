import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Integration } from '../domain/integration.js';
import type { Integrations } from '../domain/integrations.js';
import { integrationSchema } from './integration.schema.js';

@Injectable()
export class StoredIntegrations extends AggregateStore<Integration> implements Integrations {
  constructor(private readonly work: UnitOfWork) {
    super(work, integrationSchema);
  }

  async newestFirst(
    tenantId: TenantId,
    page?: { before: string | undefined; limit: number },
  ): Promise<Integration[]> {
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(integrationSchema, {
        where: { tenantId, ...(page?.before !== undefined && { integrationId: LessThan(page.before) }) },
        order: { integrationId: 'DESC' },
        ...(page && { take: page.limit }),
      }),
    );
  }
}
