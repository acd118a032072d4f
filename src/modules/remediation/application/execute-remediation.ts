import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { ClaimIncident, waitsForNoPlan } from './claim-incident.js';
import { executionOf } from './run-steps.js';

/** Starts to carry an approved plan out. The steps themselves are a job's work. */
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
      if (!(await this.startIfIncidentWaits(tenantId, remediationId))) throw waitsForNoPlan();
      return this.plans.get(tenantId, remediationId);
    });
  }

  /** @returns false, with nothing changed, when a person has taken the incident out of the flow, or another plan is under way */
  async startIfIncidentWaits(tenantId: TenantId, remediationId: string): Promise<boolean> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.refuseUnlessExecutable();
      if ((await this.claimIncident.execute(plan)) !== 'claimed') return false;
      plan.beginExecution(this.clock.now());
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return true;
    });
  }
}
