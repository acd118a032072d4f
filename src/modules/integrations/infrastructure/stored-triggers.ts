import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Trigger } from '../domain/trigger.js';
import type { Triggers } from '../domain/triggers.js';
import { triggerSchema } from './trigger.schema.js';

@Injectable()
export class StoredTriggers extends AggregateStore<Trigger> implements Triggers {
  constructor(private readonly work: UnitOfWork) {
    super(work, triggerSchema);
  }

  async enabled(tenantId: TenantId): Promise<Trigger[]> {
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(triggerSchema, { where: { tenantId, enabled: true }, order: { triggerId: 'ASC' } }),
    );
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
