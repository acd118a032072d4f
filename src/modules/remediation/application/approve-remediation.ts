import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { Tenants } from '#modules/tenants/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { isOver } from './claim-incident.js';
import { ExecuteRemediation } from './execute-remediation.js';

interface Approval {
  readonly by: string;
  readonly notes: string | null;
  /** The approval request, if the caller names one. */
  readonly approvalId?: string;
}

/** Records one admin's approval. The plan is executed only if the tenant has `executeOnApproval` set. */
@Injectable()
export class ApproveRemediation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly tenants: Tenants,
    private readonly incidents: IncidentLifecycle,
    private readonly executeRemediation: ExecuteRemediation,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `forbidden`, `already_decided`, `approval_expired`, `conflict` */
  async execute(tenantId: TenantId, remediationId: string, approval: Approval): Promise<Remediation> {
    const { settings } = await this.tenants.profile(tenantId);
    return this.unitOfWork.run(tenantId, async () => {
      const isLast = await this.plans.change(tenantId, remediationId, async (plan) => {
        const approves = plan.approve(approval, settings.approvals, this.clock.now());
        // Locked, so that the incident cannot end before this commits. Pending plans expire a moment after their incident.
        const { status } = await this.incidents.lock(tenantId, plan.incidentId);
        if (isOver(status))
          throw new Refusal(
            'approval_expired',
            `The incident is ${status}; its plans can no longer be approved.`,
          );
        return approves;
      });
      if (isLast && settings.approvals.executeOnApproval)
        await this.executeRemediation.startIfIncidentAllows(tenantId, remediationId);
      return this.plans.get(tenantId, remediationId);
    });
  }
}
