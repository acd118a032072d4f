import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { StepRunners } from '#modules/integrations/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { executionOf } from './run-steps.js';
import { executableOf } from './who-does-it.js';

/** Takes back what a plan did, as further steps of it. The incident stays as it is. */
@Injectable()
export class RollBackRemediation {
  constructor(
    private readonly plans: Plans,
    private readonly runners: StepRunners,
    private readonly jobs: Jobs,
  ) {}

  /** @throws Refusal `not_found`, `conflict` when there is nothing to take back */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.rollBack(await executableOf(this.runners, tenantId, plan.reversal));
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return plan;
    });
  }
}
