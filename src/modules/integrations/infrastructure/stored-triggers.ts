import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { BatchWriter } from '#kernel/persistence/batch-writer';
import { batchedLookup } from '#kernel/persistence/batched-lookup';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Trigger } from '../domain/trigger.js';
import type { Triggers } from '../domain/triggers.js';
import { triggerSchema } from './trigger.schema.js';

@Injectable()
export class StoredTriggers extends AggregateStore<Trigger> implements Triggers {
  /** Runs for every batch of events and nearly always finds none, so it asks for many tenants at once. */
  private readonly hasAny = batchedLookup((tenantIds: readonly TenantId[]) => this.whoHasAny(tenantIds));

  constructor(
    private readonly work: UnitOfWork,
    private readonly batches: BatchWriter,
  ) {
    super(work, triggerSchema);
  }

  async enabled(tenantId: TenantId): Promise<Trigger[]> {
    if (!(await this.hasAny(tenantId))) return [];
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(triggerSchema, { where: { tenantId, enabled: true }, order: { triggerId: 'ASC' } }),
    );
  }

  private async whoHasAny(tenantIds: readonly TenantId[]): Promise<boolean[]> {
    const rows = await this.batches.read<{ tenant_id: TenantId }>(tenantIds, WHO_HAS_ANY, [tenantIds]);
    const those = new Set(rows.map(({ tenant_id }) => tenant_id));
    return tenantIds.map((tenantId) => those.has(tenantId));
  }

  async newestFirst(tenantId: TenantId, before: string | undefined, limit: number): Promise<Trigger[]> {
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(triggerSchema, {
        where: { tenantId, ...(before !== undefined && { triggerId: LessThan(before) }) },
        order: { triggerId: 'DESC' },
        take: limit,
      }),
    );
  }
}

const WHO_HAS_ANY = {
  name: 'find-tenants-with-triggers',
  text: `SELECT DISTINCT tenant_id FROM triggers WHERE tenant_id = ANY ($1) AND enabled`,
};
