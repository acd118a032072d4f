import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { WebhookSubscription } from '../domain/webhook-subscription.js';

const MOMENT = { type: 'timestamptz', precision: 3 } as const;

export const webhookSubscriptionSchema = aggregateSchema<WebhookSubscription>({
  name: 'WebhookSubscription',
  target: WebhookSubscription,
  tableName: 'webhook_subscriptions',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    subscriptionId: { name: 'subscription_id', type: 'text', primary: true },
    url: { type: 'text' },
    events: { type: 'jsonb' },
    description: { type: 'text', nullable: true },
    enabled: { type: 'boolean' },
    disabledReason: { name: 'disabled_reason', type: 'text', nullable: true },
    sealedSecret: { name: 'sealed_secret', type: 'text' },
    formerSecrets: { name: 'former_secrets', type: 'jsonb' },
    // A bigint comes as a text; places in a log stay far below 2^53.
    place: { type: 'bigint', transformer: { to: (place: number) => place, from: Number } },
    nextRetryAt: { name: 'next_retry_at', ...MOMENT, nullable: true },
    failingSince: { name: 'failing_since', ...MOMENT, nullable: true },
    failedAt: { name: 'failed_at', ...MOMENT, nullable: true },
    courier: { type: 'text', nullable: true },
    courierUntil: { name: 'courier_until', ...MOMENT, nullable: true },
    createdBy: { name: 'created_by', type: 'text' },
    createdAt: { name: 'created_at', ...MOMENT },
    updatedAt: { name: 'updated_at', ...MOMENT },
  },
});
