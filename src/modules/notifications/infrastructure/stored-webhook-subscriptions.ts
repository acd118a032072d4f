import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { WebhookSubscription } from '../domain/webhook-subscription.js';
import type { DueSubscription, WebhookSubscriptions } from '../domain/webhook-subscriptions.js';
import { webhookSubscriptionSchema } from './webhook-subscription.schema.js';

@Injectable()
export class StoredWebhookSubscriptions
  extends AggregateStore<WebhookSubscription>
  implements WebhookSubscriptions
{
  constructor(private readonly work: UnitOfWork) {
    super(work, webhookSubscriptionSchema);
  }

  async newestFirst(
    tenantId: TenantId,
    before: string | undefined,
    limit: number,
  ): Promise<WebhookSubscription[]> {
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(webhookSubscriptionSchema, {
        where: { tenantId, ...(before !== undefined && { subscriptionId: LessThan(before) }) },
        order: { subscriptionId: 'DESC' },
        take: limit,
      }),
    );
  }

  async subscribers(): Promise<TenantId[]> {
    const rows = await this.work.lookUp<{ tenant_id: TenantId }>(
      'SELECT tenant_id FROM webhook_subscribers()',
    );
    return rows.map(({ tenant_id }) => tenant_id);
  }

  async due(tenantIds: readonly TenantId[], now: Date): Promise<DueSubscription[]> {
    return this.work.lookUp<DueSubscription>(
      `SELECT tenant_id AS "tenantId", subscription_id AS "subscriptionId", is_failing AS "isFailing"
         FROM webhooks_due($1, $2)`,
      [tenantIds, now],
    );
  }
}
