import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Pattern } from '../domain/pattern.js';

export const patternSchema = aggregateSchema<Pattern>({
  name: 'Pattern',
  target: Pattern,
  tableName: 'patterns',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    patternId: { name: 'pattern_id', type: 'text', primary: true },
    title: { type: 'text' },
    summary: { type: 'text' },
    service: { type: 'text', nullable: true },
    symptoms: { type: 'jsonb' },
    rootCause: { name: 'root_cause', type: 'text' },
    fix: { type: 'jsonb', nullable: true },
    runbookUrl: { name: 'runbook_url', type: 'text', nullable: true },
    confidence: { type: 'double precision' },
    occurrences: { type: 'integer' },
    confirmations: { type: 'integer' },
    status: { type: 'text' },
    alertTitle: { name: 'alert_title', type: 'text' },
    alertDescription: { name: 'alert_description', type: 'text' },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
    lastSeenAt: { name: 'last_seen_at', type: 'timestamptz', precision: 3 },
  },
});
