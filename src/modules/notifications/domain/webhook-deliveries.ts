import type { TenantId } from '#kernel/domain/ids';
import type { WebhookDelivery } from './webhook-delivery.js';

/** Names a subscription. */
export interface SubscriptionKey {
  readonly tenantId: TenantId;
  readonly subscriptionId: string;
}

/** Where deliveries are remembered. */
export abstract class WebhookDeliveries {
  /** Those to be tried again by now, the longest due first, at most `limit`. */
  abstract due(of: SubscriptionKey, now: Date, limit: number): Promise<WebhookDelivery[]>;

  /** When the next one is to be tried again; null when none is. */
  abstract nextDue(of: SubscriptionKey): Promise<Date | null>;

  /**
   * Keeps deliveries as attempts have left them: there is one for each event, and of two first ones of an event the first
   * stays. What a person has asked for while an attempt was under way stays asked for.
   */
  abstract record(of: SubscriptionKey, deliveries: readonly WebhookDelivery[]): Promise<void>;

  /** Has one tried again, from the start of the schedule. @returns undefined when there is none */
  abstract again(of: SubscriptionKey, deliveryId: string, now: Date): Promise<WebhookDelivery | undefined>;

  /** Those of events before place `before`, the latest event first, at most `limit`. */
  abstract latestFirst(
    of: SubscriptionKey,
    before: number | undefined,
    limit: number,
  ): Promise<WebhookDelivery[]>;
}
