import { defineEvent } from '#kernel/events/define-event';
import { Flag, IdOf, Moment, OneOf, Text, Texts, Whole } from '#kernel/http/fields';

const INCIDENT = 'inc_01HX9VTPQR3KF8MZWBYD5N6JCE';
const REMEDIATION = 'rem_01HX9VTPQR3KF8MZWBYD5N6JCE';
const USER = 'user_01HX9VTPQR3KF8MZWBYD5N6JCE';
const APPROVAL = 'apr_01HX9VTPQR3KF8MZWBYD5N6JCE';

class RemediationProposedData {
  @IdOf('inc') incidentId!: string;
  @IdOf('rem') remediationId!: string;
  @Text({ max: 500 }) title!: string;
  @Flag() requiresApproval!: boolean;
  @Texts({ summary: 'The descriptions of the steps, in order' }) steps!: string[];
}

export class RemediationProposed extends defineEvent({
  type: 'remediation.proposed',
  summary: 'A remediation plan is proposed for what an investigation found',
  data: RemediationProposedData,
  example: {
    incidentId: INCIDENT,
    remediationId: REMEDIATION,
    title: 'Scale payment processor connection pool from 50 to 150',
    requiresApproval: true,
    steps: ['Update ECS task definition', 'Trigger rolling deploy'],
  },
  audience: 'public',
}) {}

class RemediationApprovedData {
  @IdOf('rem') remediationId!: string;
  @IdOf('user', { summary: 'When several approvals are required, the last approver' }) approvedBy!: string;
  @IdOf('inc') incidentId!: string;
}

export class RemediationApproved extends defineEvent({
  type: 'remediation.approved',
  summary: 'A team member approves a remediation',
  data: RemediationApprovedData,
  example: { remediationId: REMEDIATION, approvedBy: USER, incidentId: INCIDENT },
  audience: 'public',
}) {}

class RemediationRejectedData {
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @IdOf('user') rejectedBy!: string;
  @Text({ max: 2000, nullable: true }) reason!: string | null;
}

export class RemediationRejected extends defineEvent({
  type: 'remediation.rejected',
  summary: 'A team member rejects a remediation',
  data: RemediationRejectedData,
  example: { remediationId: REMEDIATION, incidentId: INCIDENT, rejectedBy: USER, reason: 'Wrong service' },
  audience: 'public',
}) {}

const EXECUTION_OUTCOMES = ['success', 'failure', 'unknown'] as const;

class RemediationExecutedData {
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @OneOf(EXECUTION_OUTCOMES) outcome!: (typeof EXECUTION_OUTCOMES)[number];
  @Whole({ summary: 'Milliseconds from the first step to the last' }) durationMs!: number;
}

export class RemediationExecuted extends defineEvent({
  type: 'remediation.executed',
  summary: 'A remediation action completes execution',
  data: RemediationExecutedData,
  example: { remediationId: REMEDIATION, incidentId: INCIDENT, outcome: 'success', durationMs: 12400 },
  audience: 'public',
}) {}

class ApprovalRequestedData {
  @IdOf('apr') approvalId!: string;
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @Moment() expiresAt!: string;
}

export class ApprovalRequested extends defineEvent({
  type: 'approval.requested',
  summary: 'A plan waits for a person to approve or reject it',
  data: ApprovalRequestedData,
  example: {
    approvalId: APPROVAL,
    remediationId: REMEDIATION,
    incidentId: INCIDENT,
    expiresAt: '2026-04-01T15:05:00.000Z',
  },
  audience: 'public',
}) {}

const APPROVAL_DECISIONS = ['approved', 'rejected', 'expired'] as const;

class ApprovalResolvedData {
  @IdOf('apr') approvalId!: string;
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @OneOf(APPROVAL_DECISIONS) decision!: (typeof APPROVAL_DECISIONS)[number];
  @IdOf('user', { nullable: true, summary: 'null when it expired' }) decidedBy!: string | null;
}

export class ApprovalResolved extends defineEvent({
  type: 'approval.resolved',
  summary: 'A requested approval is given, rejected or expires',
  data: ApprovalResolvedData,
  example: {
    approvalId: APPROVAL,
    remediationId: REMEDIATION,
    incidentId: INCIDENT,
    decision: 'approved',
    decidedBy: USER,
  },
  audience: 'public',
}) {}

class RemediationRolledBackData {
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @OneOf(EXECUTION_OUTCOMES) outcome!: (typeof EXECUTION_OUTCOMES)[number];
}

export class RemediationRolledBack extends defineEvent({
  type: 'remediation.rolled_back',
  summary: 'A rollback has ended; shown on the timeline of the incident only',
  data: RemediationRolledBackData,
  example: { remediationId: REMEDIATION, incidentId: INCIDENT, outcome: 'success' },
}) {}
