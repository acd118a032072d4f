import { Injectable } from '@nestjs/common';
import { newId, type TenantId } from '#kernel/domain/ids';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { type StepAnswer, StepRunners } from '#modules/integrations/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import type { Step } from '../domain/step.js';

const NAME = 'rehearse-remediation';

/**
 * Asks each runner what it would do. The responses become the steps' `output`, marked `dryRun`, until the plan is executed;
 * nothing else changes and nothing is published.
 */
@Injectable()
@JobHandler(NAME)
export class DryRunRemediation implements JobRunner<{ remediationId: string }> {
  constructor(
    private readonly plans: Plans,
    private readonly runners: StepRunners,
    private readonly jobs: Jobs,
  ) {}

  /** @throws Refusal `not_found`, `conflict` unless the plan is approved */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    const plan = await this.plans.get(tenantId, remediationId);
    plan.refuseUnlessExecutable();
    await this.jobs.enqueue(tenantId, { name: NAME, payload: { remediationId } });
    return plan;
  }

  async run({ tenantId, payload, signal }: Job<{ remediationId: string }>): Promise<void> {
    const { remediationId } = payload;
    let plan = await this.plans.get(tenantId, remediationId);
    for (const step of plan.steps.filter(({ manual }) => !manual)) {
      signal.throwIfAborted();
      // Executed meanwhile: the rest of the dry run is of no use.
      if (plan.status !== 'approved') return;
      const answer = await this.ask(plan, step);
      plan = await this.plans.change(tenantId, remediationId, (changing) => {
        changing.recordDryRun(step.stepId, answer);
        return changing;
      });
    }
  }

  private async ask({ tenantId, remediationId, incidentId }: Remediation, step: Step): Promise<StepAnswer> {
    const { action, params } = step;
    const runner = await this.runners.runnerOf(tenantId, action);
    if (!runner) {
      return { status: 'not_sent', reason: `No connected runner lists ${action}.`, retryAfterSeconds: null };
    }
    // A fresh id: runners deduplicate by step id and would ignore the real execution afterwards.
    const order = {
      remediationId,
      incidentId,
      stepId: newId('stp'),
      action,
      params,
      dryRun: true,
      attempt: 1,
    };
    return this.runners.run(tenantId, runner.integrationId, order);
  }
}
