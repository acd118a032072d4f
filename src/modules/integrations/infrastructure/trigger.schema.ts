import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Trigger } from '../domain/trigger.js';

export const triggerSchema = aggregateSchema<Trigger>({
  name: 'Trigger',
  target: Trigger,
  tableName: 'triggers',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    triggerId: { name: 'trigger_id', type: 'text', primary: true },
    name: { type: 'text' },
    on: { name: 'listens_to', type: 'jsonb' },
    condition: { type: 'text', nullable: true },
    action: { type: 'text' },
    actionConfig: { name: 'action_config', type: 'jsonb' },
    enabled: { type: 'boolean' },
    // A bigint arrives as a string; sequence numbers stay far below 2^53.
    listensAfter: {
      name: 'listens_after',
      type: 'bigint',
      transformer: { to: (sequence: number) => sequence, from: Number },
    },
    createdBy: { name: 'created_by', type: 'text' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
  },
});
