import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Integration } from '../domain/integration.js';

export const integrationSchema = aggregateSchema<Integration>({
  name: 'Integration',
  target: Integration,
  tableName: 'integrations',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    integrationId: { name: 'integration_id', type: 'text', primary: true },
    provider: { type: 'text' },
    label: { type: 'text' },
    status: { type: 'text' },
    config: { type: 'jsonb' },
    sealedCredentials: { name: 'sealed_credentials', type: 'text' },
    connectedBy: { name: 'connected_by', type: 'text' },
    connectedAt: { name: 'connected_at', type: 'timestamptz', precision: 3 },
    ingestTokenHash: { name: 'ingest_token_hash', type: 'text', nullable: true },
    heldUntil: { name: 'held_until', type: 'timestamptz', precision: 3, nullable: true },
    lostMessages: { name: 'lost_messages', type: 'integer' },
    lastLoss: { name: 'last_loss', type: 'text', nullable: true },
  },
});
