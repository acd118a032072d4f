import type { TenantId } from '#kernel/domain/ids';
import type { WebhookDelivery } from './webhook-delivery.js';

export interface SubscriptionKey {
  readonly tenantId: TenantId;
  readonly subscriptionId: string;
}

export abstract class WebhookDeliveries {
  /** Deliveries whose retry is due, longest due first, at most `limit`. */
  abstract due(of: SubscriptionKey, now: Date, limit: number): Promise<WebhookDelivery[]>;

  /** When the next retry is due; null when none is pending. */
  abstract nextDue(of: SubscriptionKey): Promise<Date | null>;

  /**
   * Stores deliveries after their attempts, one per event; of two new deliveries of the same event the first is kept. A
   * redelivery that was requested while an attempt was under way stays requested.
   */
  abstract record(of: SubscriptionKey, deliveries: readonly WebhookDelivery[]): Promise<void>;

  /** Makes a delivery due now, at the start of the retry schedule. @returns undefined when there is no such delivery */
  abstract redeliver(
    of: SubscriptionKey,
    deliveryId: string,
    now: Date,
  ): Promise<WebhookDelivery | undefined>;

  /** Deliveries of events before position `before`, newest event first, at most `limit`. */
  abstract latestFirst(
    of: SubscriptionKey,
    before: number | undefined,
    limit: number,
  ): Promise<WebhookDelivery[]>;
}
