import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';
import { EXPIRE_APPROVAL } from './expire-approval.js';

/** Registers an approval request: its id, expiry job and incident status. Joins the transaction that stores the plan. */
@Injectable()
export class OpenApproval {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
    private readonly incidents: IncidentLifecycle,
  ) {}

  /** @throws Refusal `conflict` when the incident takes no proposals any more */
  async execute(plan: Remediation): Promise<void> {
    const { tenantId, remediationId, incidentId, approvalId, approvalExpiresAt } = plan;
    await this.unitOfWork.query(
      tenantId,
      'INSERT INTO approvals (tenant_id, approval_id, remediation_id) VALUES ($1, $2, $3)',
      [tenantId, approvalId, remediationId],
    );
    await this.jobs.enqueue(tenantId, {
      name: EXPIRE_APPROVAL,
      payload: { remediationId, approvalId },
      runAt: approvalExpiresAt,
    });
    const { incident } = await this.incidents.advance(tenantId, incidentId, {
      happened: 'approval_requested',
    });
    if (incident.status === 'awaiting_approval') return;
    throw new Refusal('conflict', `The incident is ${incident.status} and takes no remediation.`);
  }
}
