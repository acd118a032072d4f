import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page, type PageQuery } from '#kernel/http/page';
import type { WebhookSubscription } from '../../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';

/** A tenant's subscriptions, newest first. */
@Injectable()
export class ListWebhookSubscriptions {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, { limit, cursor }: PageQuery): Promise<Page<WebhookSubscription>> {
    const list = 'webhook-subscriptions';
    const [before] = (this.cursors.open(tenantId, list, cursor) ?? []) as [string?];
    const rows = await this.subscriptions.newestFirst(tenantId, before, limit + 1);
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ subscriptionId }) => [subscriptionId],
    });
  }
}
