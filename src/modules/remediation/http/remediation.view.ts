import type { RemediationRow } from '../application/find-remediations.js';
import type { PendingApproval } from '../application/pending-approvals.js';
import type { Step } from '../domain/step.js';
import type { PendingApprovalView, RemediationView, StepView } from './remediation.dto.js';

export function remediationView(row: RemediationRow): RemediationView {
  const { remediationId, incidentId, investigationId, title, status, approvalId, planDigest, durationMs } =
    row;
  return {
    remediationId,
    incidentId,
    investigationId,
    title,
    status,
    requiresApproval: true,
    approvalId,
    planDigest,
    steps: row.steps.map(stepView),
    createdAt: row.createdAt.toISOString(),
    approvedBy: row.approvals.map(({ userId }) => userId),
    executedAt: row.executedAt?.toISOString() ?? null,
    durationMs,
  };
}

export function pendingApprovalView(row: PendingApproval): PendingApprovalView {
  const { approvalId, remediationId, incidentId, title, planDigest } = row;
  return {
    approvalId,
    remediationId,
    incidentId,
    title,
    planDigest,
    steps: row.steps.map(stepView),
    required: row.approvalsRequired,
    approvedBy: row.approvals.map(({ userId }) => userId),
    expiresAt: row.approvalExpiresAt.toISOString(),
  };
}

function stepView({ reverses, mayBeDone, ...shown }: Step): StepView {
  return shown;
}
