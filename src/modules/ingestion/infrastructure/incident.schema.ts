import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Incident } from '../domain/incident.js';

export const incidentSchema = aggregateSchema<Incident>({
  name: 'Incident',
  target: Incident,
  tableName: 'incidents',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    incidentId: { name: 'incident_id', type: 'text', primary: true },
    title: { type: 'text', update: false },
    description: { type: 'text', update: false },
    severity: { type: 'text' },
    status: { type: 'text' },
    source: { type: 'text', update: false },
    provider: { type: 'text', nullable: true, update: false },
    sourceAlertId: { name: 'source_alert_id', type: 'text', nullable: true, update: false },
    service: { type: 'text', nullable: true, update: false },
    environment: { type: 'text', nullable: true, update: false },
    tags: { type: 'jsonb', update: false },
    metadata: { type: 'jsonb', update: false },
    rootCause: { name: 'root_cause', type: 'text', nullable: true },
    confidence: { type: 'double precision', nullable: true },
    recommendedActions: { name: 'recommended_actions', type: 'jsonb' },
    alertCount: { name: 'alert_count', type: 'integer' },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3, update: false },
    updatedAt: { name: 'updated_at', type: 'timestamptz', precision: 3 },
    resolvedAt: { name: 'resolved_at', type: 'timestamptz', precision: 3, nullable: true },
  },
});
