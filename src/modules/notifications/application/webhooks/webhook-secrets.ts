import { Injectable } from '@nestjs/common';
import { SealedText } from '#kernel/crypto/sealed-text';
import type { SubscriptionKey } from '../../domain/webhook-deliveries.js';
import type { WebhookSubscription } from '../../domain/webhook-subscription.js';

/** Encrypts signing secrets for their row, and decrypts them to sign. */
@Injectable()
export class WebhookSecrets {
  constructor(private readonly sealed: SealedText) {}

  seal(of: SubscriptionKey, secret: string): string {
    return this.sealed.seal(secret, contextOf(of));
  }

  /**
   * The secrets that sign now, newest first.
   * @throws SealedTextError when the encryption key of the newest one is no longer configured
   */
  of(subscription: WebhookSubscription, now: Date): string[] {
    return this.sealed.openNewest(subscription.sealedSecretsAt(now), contextOf(subscription));
  }
}

/** Binds a secret to its row: copied to another row, it cannot be decrypted. */
function contextOf({ tenantId, subscriptionId }: SubscriptionKey): string {
  return `${tenantId}:${subscriptionId}`;
}
