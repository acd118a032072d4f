import { Injectable } from '@nestjs/common';
import { newSigningSecret } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { EventCatalogue } from '#kernel/events/event-catalogue';
import { EventLog } from '#kernel/events/event-log';
import { checkPatterns } from '../../domain/event-patterns.js';
import { WebhookSubscription } from '../../domain/webhook-subscription.js';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** Per tenant: each subscription reads the tenant's log on its own. */
const MAX_SUBSCRIPTIONS = 50;

interface NewSubscription {
  readonly url: string;
  readonly events: readonly string[];
  readonly description?: string | null;
  /** `whsec_…`; generated when absent. */
  readonly secret?: string;
}

@Injectable()
export class CreateWebhookSubscription {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly secrets: WebhookSecrets,
    private readonly catalogue: EventCatalogue,
    private readonly eventLog: EventLog,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `validation_error`, `quota_exceeded` */
  async execute(
    tenantId: TenantId,
    { url, events, description = null, secret = newSigningSecret() }: NewSubscription,
    createdBy: string,
  ): Promise<{ subscription: WebhookSubscription; secret: string }> {
    checkPatterns(events, this.catalogue.publishedTypes);
    const key = { tenantId, subscriptionId: newId('whs') };
    const subscription = WebhookSubscription.create(
      key,
      { url, events: [...new Set(events)], description },
      this.secrets.seal(key, secret),
      createdBy,
      await this.eventLog.head(tenantId),
      this.clock.now(),
    );
    await this.subscriptions.addWithin(MAX_SUBSCRIPTIONS, subscription);
    return { subscription, secret };
  }
}
