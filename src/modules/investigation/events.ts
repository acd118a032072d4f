import { defineEvent } from '#kernel/events/define-event';
import { Field, Fraction, IdOf, Text, Texts, Whole } from '#kernel/http/fields';

class InvestigationProgressData {
  @IdOf('inc') incidentId!: string;
  @Text({ max: 2000, summary: 'What the agent found, with numbers' }) message!: string;
  @Text({ max: 100 }) agentName!: string;
  @Whole({ min: 1 }) stepIndex!: number;
  @Whole({ min: 1 }) totalSteps!: number;
}

export class InvestigationProgress extends defineEvent({
  type: 'investigation.progress',
  summary: 'An agent reports what it found, or that there was nothing to read',
  data: InvestigationProgressData,
  example: {
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    message: 'Found 10,000 errors in the last 30 minutes across 3 services',
    agentName: 'log analysis',
    stepIndex: 2,
    totalSteps: 6,
  },
  audience: 'public',
}) {}

class InvestigationCompletedData {
  @IdOf('inc') incidentId!: string;
  @Text({ max: 4000, nullable: true, summary: 'null when the run found none' }) rootCause!: string | null;
  @Fraction({ summary: 'At most 0.2 when the run was inconclusive' }) confidence!: number;
  @Texts({ summary: 'Actions to take, or evidence to connect or attach' }) recommendedActions!: string[];
}

export class InvestigationCompleted extends defineEvent({
  type: 'investigation.completed',
  summary: 'An investigation completes, conclusive or not',
  data: InvestigationCompletedData,
  example: {
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    rootCause: 'Unindexed query introduced in deploy d9f3a21 causing full table scans',
    confidence: 0.94,
    recommendedActions: [
      'Add composite index on (tenant_id, created_at)',
      'Roll back deploy d9f3a21 if index migration cannot complete within SLA',
    ],
  },
  audience: 'public',
}) {}

class KnownSolutionFoundData {
  @IdOf('inc') incidentId!: string;
  @IdOf('ptn') matchedPatternId!: string;
  @Text({ max: 500 }) matchedTitle!: string;
  @Fraction({ summary: 'The similarity of the match' }) confidence!: number;
  @Field({ type: 'string', nullable: true, maxLength: 2000 }) runbookUrl!: string | null;
}

export class KnownSolutionFound extends defineEvent({
  type: 'investigation.known_solution_found',
  summary: 'A matching runbook or prior incident is found',
  data: KnownSolutionFoundData,
  example: {
    incidentId: 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE',
    matchedPatternId: 'ptn_01HX9VTPQR3KF8MZWBYD5N6JCE',
    matchedTitle: 'Payment processor pool exhaustion',
    confidence: 0.87,
    runbookUrl: 'https://wiki.example.com/runbooks/payment-pool',
  },
  audience: 'public',
}) {}
