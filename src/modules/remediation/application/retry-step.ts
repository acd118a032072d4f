import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { ClaimIncident, incidentNotWaiting } from './claim-incident.js';
import { executionOf } from './run-steps.js';

/** A person has a step sent again whose outcome is unknown. */
@Injectable()
export class RetryStep {
  constructor(
    private readonly plans: Plans,
    private readonly claimIncident: ClaimIncident,
    private readonly jobs: Jobs,
  ) {}

  /**
   * @throws Refusal `not_found`, `conflict` unless the step is unknown, and while the incident is investigated or another
   *   plan executes
   */
  async execute(tenantId: TenantId, remediationId: string, stepId: string): Promise<Remediation> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.retryStep(stepId);
      if (!plan.isBeingRolledBack && (await this.claimIncident.execute(plan)) === 'busy')
        throw incidentNotWaiting();
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return plan;
    });
  }
}
