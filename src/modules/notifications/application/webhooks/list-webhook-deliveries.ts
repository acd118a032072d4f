import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page, type PageQuery } from '#kernel/http/page';
import { WebhookDeliveries } from '../../domain/webhook-deliveries.js';
import type { WebhookDelivery } from '../../domain/webhook-delivery.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';

/** The deliveries of a subscription, newest event first. */
@Injectable()
export class ListWebhookDeliveries {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly deliveries: WebhookDeliveries,
    private readonly cursors: Cursors,
  ) {}

  /** @throws Refusal `not_found`, `validation_error` */
  async execute(
    tenantId: TenantId,
    subscriptionId: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<WebhookDelivery>> {
    const subscription = await this.subscriptions.get(tenantId, subscriptionId);
    const list = `webhook-deliveries:${subscriptionId}`;
    const [before] = (this.cursors.open(tenantId, list, cursor) ?? []) as [number?];
    const rows = await this.deliveries.latestFirst(subscription, before, limit + 1);
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ seq }) => [seq],
    });
  }
}
