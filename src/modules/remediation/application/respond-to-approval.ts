import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type ApprovalResponse, Approvals } from '../api.js';
import type { Remediation } from '../domain/remediation.js';
import { ApproveRemediation } from './approve-remediation.js';
import { PendingApprovals } from './pending-approvals.js';
import { RejectRemediation } from './reject-remediation.js';

/** Approves or rejects a plan by the id of its approval request: a decision on another request than the current one is refused. */
@Injectable()
export class RespondToApproval extends Approvals {
  constructor(
    private readonly pendingApprovals: PendingApprovals,
    private readonly approveRemediation: ApproveRemediation,
    private readonly rejectRemediation: RejectRemediation,
  ) {
    super();
  }

  async respond(
    tenantId: TenantId,
    approvalId: string,
    { decision, by, notes }: ApprovalResponse,
  ): Promise<Remediation> {
    const remediationId = await this.pendingApprovals.remediationOf(tenantId, approvalId);
    return decision === 'approve'
      ? this.approveRemediation.execute(tenantId, remediationId, { by, notes, approvalId })
      : this.rejectRemediation.execute(tenantId, remediationId, { by, reason: notes, approvalId });
  }
}
