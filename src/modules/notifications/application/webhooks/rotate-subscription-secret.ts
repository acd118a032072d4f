import { Injectable } from '@nestjs/common';
import { newSigningSecret } from '#kernel/crypto/secrets';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';
import { WebhookSecrets } from './webhook-secrets.js';

/** Gives a subscription a new secret. Former secrets sign for an overlap, so that receivers reject no event. */
@Injectable()
export class RotateSubscriptionSecret {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly secrets: WebhookSecrets,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `quota_exceeded` */
  async execute(
    tenantId: TenantId,
    subscriptionId: string,
    overlapMinutes: number,
    secret = newSigningSecret(),
  ): Promise<{ secret: string; until: Date }> {
    const now = this.clock.now();
    const until = new Date(now.getTime() + overlapMinutes * 60_000);
    await this.subscriptions.change(tenantId, subscriptionId, (subscription) =>
      subscription.rotateSecret(this.secrets.seal(subscription, secret), until, now),
    );
    return { secret, until };
  }
}
