import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { WebhookSubscription } from '../domain/webhook-subscription.js';

const TIMESTAMP = { type: 'timestamptz', precision: 3 } as const;

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
    // The driver returns a bigint as text; positions stay far below 2^53.
    position: {
      name: 'place',
      type: 'bigint',
      transformer: { to: (position: number) => position, from: Number },
    },
    nextRetryAt: { name: 'next_retry_at', ...TIMESTAMP, nullable: true },
    failingSince: { name: 'failing_since', ...TIMESTAMP, nullable: true },
    failedAt: { name: 'failed_at', ...TIMESTAMP, nullable: true },
    workerId: { name: 'courier', type: 'text', nullable: true },
    leaseExpiresAt: { name: 'courier_until', ...TIMESTAMP, nullable: true },
    createdBy: { name: 'created_by', type: 'text' },
    createdAt: { name: 'created_at', ...TIMESTAMP },
    updatedAt: { name: 'updated_at', ...TIMESTAMP },
  },
});
