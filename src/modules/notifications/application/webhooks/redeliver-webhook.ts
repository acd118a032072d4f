import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound, Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { WebhookDeliveries } from '../../domain/webhook-deliveries.js';
import type { WebhookDelivery } from '../../domain/webhook-delivery.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';

/** Redelivers an event, whatever the status of its delivery. The retry schedule starts over. */
@Injectable()
export class RedeliverWebhook {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly deliveries: WebhookDeliveries,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` */
  async execute(tenantId: TenantId, subscriptionId: string, deliveryId: string): Promise<WebhookDelivery> {
    return this.subscriptions.change(tenantId, subscriptionId, async (subscription) => {
      const now = this.clock.now();
      const delivery = await this.deliveries.redeliver(subscription, deliveryId, now);
      if (!delivery) throw notFound('delivery');
      if (!subscription.enabled)
        throw new Refusal('conflict', 'The subscription is disabled; enable it first.');
      subscription.retryBy(now);
      return delivery;
    });
  }
}
