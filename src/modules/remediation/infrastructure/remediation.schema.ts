import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Remediation } from '../domain/remediation.js';

export const remediationSchema = aggregateSchema<Remediation>({
  name: 'Remediation',
  target: Remediation,
  tableName: 'remediations',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    remediationId: { name: 'remediation_id', type: 'text', primary: true },
    incidentId: { name: 'incident_id', type: 'text' },
    investigationId: { name: 'investigation_id', type: 'text' },
    investigationStartedBy: { name: 'investigation_started_by', type: 'text', nullable: true },
    title: { type: 'text' },
    status: { type: 'text' },
    planDigest: { name: 'plan_digest', type: 'text' },
    steps: { type: 'jsonb' },
    approvalId: { name: 'approval_id', type: 'text' },
    approvalExpiresAt: { name: 'approval_expires_at', type: 'timestamptz', precision: 3 },
    approvalsRequired: { name: 'approvals_required', type: 'integer' },
    approvals: { type: 'jsonb' },
    executionStartedAt: {
      name: 'execution_started_at',
      type: 'timestamptz',
      precision: 3,
      nullable: true,
    },
    executedAt: { name: 'executed_at', type: 'timestamptz', precision: 3, nullable: true },
    durationMs: { name: 'duration_ms', type: 'double precision', nullable: true },
    feedback: { type: 'jsonb' },
    version: { type: 'integer' },
    createdAt: { name: 'created_at', type: 'timestamptz', precision: 3 },
  },
});
