import { aggregateSchema } from '#kernel/persistence/aggregate-schema';
import { Run } from '../domain/run.js';

export const runSchema = aggregateSchema<Run>({
  name: 'Run',
  target: Run,
  tableName: 'investigations',
  columns: {
    tenantId: { name: 'tenant_id', type: 'text', primary: true },
    investigationId: { name: 'investigation_id', type: 'text', primary: true },
    incidentId: { name: 'incident_id', type: 'text' },
    status: { type: 'text' },
    trigger: { type: 'text' },
    startedBy: { name: 'started_by', type: 'text', nullable: true },
    steps: { type: 'jsonb' },
    memory: { type: 'json', nullable: true },
    onset: { type: 'json', nullable: true },
    knownSolution: { name: 'known_solution', type: 'jsonb', nullable: true },
    isWaiting: { name: 'is_waiting', type: 'boolean' },
    outcome: { type: 'text', nullable: true },
    rootCause: { name: 'root_cause', type: 'text', nullable: true },
    confidence: { type: 'double precision', nullable: true },
    recommendedActions: { name: 'recommended_actions', type: 'jsonb' },
    missingEvidence: { name: 'missing_evidence', type: 'jsonb' },
    culprit: { type: 'jsonb', nullable: true },
    acceptedPatternId: { name: 'accepted_pattern_id', type: 'text', nullable: true },
    outcomeInputs: { name: 'outcome_inputs', type: 'json', nullable: true },
    outcomePolicy: { name: 'outcome_policy', type: 'text', nullable: true },
    failure: { type: 'text', nullable: true },
    queuedAt: { name: 'queued_at', type: 'timestamptz', precision: 3 },
    startedAt: { name: 'started_at', type: 'timestamptz', precision: 3, nullable: true },
    endedAt: { name: 'ended_at', type: 'timestamptz', precision: 3, nullable: true },
  },
});
