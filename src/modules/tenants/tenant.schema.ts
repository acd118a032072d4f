import { Store } from '#kernel/domain/store';
import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Tenant } from './tenant.js';

export abstract class TenantStore extends Store<Tenant> {}

export const tenantSchema = aggregateSchema<Tenant>({
  name: 'Tenant',
  target: Tenant,
  tableName: 'tenants',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    name: { type: 'text' },
    plan: { type: 'text' },
    status: { type: 'text' },
    settings: { type: 'jsonb' },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
  },
});
