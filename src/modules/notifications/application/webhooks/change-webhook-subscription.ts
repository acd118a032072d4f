import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { EventLog } from '#kernel/events/event-log';
import { checkPatterns } from '../../domain/event-patterns.js';
import type { SubscriptionSettings, WebhookSubscription } from '../../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';

@Injectable()
export class ChangeWebhookSubscription {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly catalogue: EventCatalogue,
    private readonly eventLog: EventLog,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `validation_error` */
  async execute(
    tenantId: TenantId,
    subscriptionId: string,
    changes: Partial<SubscriptionSettings>,
  ): Promise<WebhookSubscription> {
    return this.subscriptions.change(tenantId, subscriptionId, async (subscription) => {
      const {
        url = subscription.url,
        events,
        description = subscription.description,
        enabled = subscription.enabled,
      } = changes;
      if (events) checkPatterns(events, this.catalogue.publishedTypes);
      const settings = {
        url,
        events: events ? [...new Set(events)] : subscription.events,
        description,
        enabled,
      };
      subscription.change(settings, await this.eventLog.head(tenantId), this.clock.now());
      return subscription;
    });
  }
}
