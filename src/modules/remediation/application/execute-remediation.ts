import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { ClaimIncident, incidentNotWaiting } from './claim-incident.js';
import { executionOf } from './run-steps.js';

/** Starts the execution of an approved plan. A job runs the steps. */
@Injectable()
export class ExecuteRemediation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly claimIncident: ClaimIncident,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    return this.unitOfWork.run(tenantId, async () => {
      if (!(await this.startIfIncidentAllows(tenantId, remediationId))) throw incidentNotWaiting();
      return this.plans.get(tenantId, remediationId);
    });
  }

  /** @returns false, with nothing changed, when the incident has ended or is investigated, or another plan executes */
  async startIfIncidentAllows(tenantId: TenantId, remediationId: string): Promise<boolean> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.refuseUnlessExecutable();
      if ((await this.claimIncident.execute(plan)) !== 'claimed') return false;
      plan.beginExecution(this.clock.now());
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return true;
    });
  }
}
