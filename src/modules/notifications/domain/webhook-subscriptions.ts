import type { TenantId } from '#kernel/domain/ids';
import { Store } from '#kernel/domain/store';
import type { SubscriptionKey } from './webhook-deliveries.js';
import type { WebhookSubscription } from './webhook-subscription.js';

/** A subscription with events or retries to send, and without a lease. */
export interface DueSubscription extends SubscriptionKey {
  readonly isFailing: boolean;
}

export abstract class WebhookSubscriptions extends Store<WebhookSubscription> {
  /** A tenant's subscriptions older than `before`, newest first, at most `limit`. */
  abstract newestFirst(
    tenantId: TenantId,
    before: string | undefined,
    limit: number,
  ): Promise<WebhookSubscription[]>;

  /** All tenants with an enabled subscription. */
  abstract subscribers(): Promise<TenantId[]>;

  abstract due(tenantIds: readonly TenantId[], now: Date): Promise<DueSubscription[]>;
}
