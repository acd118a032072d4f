import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { WebhookSubscriptions } from '../../domain/webhook-subscriptions.js';
import { envelopeOf } from '../streams/frames.js';
import { type AnsweredAttempt, SendWebhook } from './send-webhook.js';

/** Not in the event catalogue, so that no receiver takes it for a real event. */
const TEST_EVENT = 'webhook_subscription.test';

export interface TestResult extends AnsweredAttempt {
  readonly eventId: string;
  readonly durationMs: number;
}

/** Sends a signed test event at once, also to a disabled subscription, and records nothing. */
@Injectable()
export class TestWebhookSubscription {
  constructor(
    private readonly subscriptions: WebhookSubscriptions,
    private readonly sendWebhook: SendWebhook,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, subscriptionId: string): Promise<TestResult> {
    const subscription = await this.subscriptions.get(tenantId, subscriptionId);
    const eventId = newId('evt');
    const timestamp = this.clock.now().toISOString();
    const data = JSON.stringify({ subscriptionId });
    const body = envelopeOf({ type: TEST_EVENT, timestamp, tenantId, data });
    const startedAt = performance.now();
    const attempt = await this.sendWebhook.execute(subscription, { id: eventId, body });
    return { ...attempt, eventId, durationMs: Math.round(performance.now() - startedAt) };
  }
}
