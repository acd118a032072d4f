import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import type { SubscriptionKey } from '../domain/webhook-deliveries.js';
import type { WebhookSubscription } from '../domain/webhook-subscription.js';

/** Seals signing secrets for their row, and opens them again to sign. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly sealed: SealedText) {}

  seal(of: SubscriptionKey, secret: string): string {
    return this.sealed.seal(secret, placeOf(of));
  }

  /**
   * Those that sign now, the newest first.
   * @throws SealedTextError when the key that the newest was sealed with is not configured any more
   */
  of(subscription: WebhookSubscription, now: Date): string[] {
    return this.sealed.openNewest(subscription.sealedSecretsAt(now), placeOf(subscription));
  }
}

/** Binds a secret to its row: copied to another one, it does not open. */
function placeOf({ tenantId, subscriptionId }: SubscriptionKey): string {
  return `${tenantId}:${subscriptionId}`;
}
