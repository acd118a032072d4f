import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { StepRunners } from '#modules/integrations/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { executionOf } from './run-steps.js';
import { executableActions } from './executable-actions.js';

/** Rolls a plan back by appending steps that reverse it. The incident stays as it is. */
@Injectable()
export class RollBackRemediation {
  constructor(
    private readonly plans: Plans,
    private readonly runners: StepRunners,
    private readonly jobs: Jobs,
  ) {}

  /** @throws Refusal `not_found`, `conflict` when there is nothing to roll back */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.rollBack(await executableActions(this.runners, tenantId, plan.rollbackSteps));
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return plan;
    });
  }
}
