import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { storedSize } from '#kernel/domain/stored-size';
import { Jobs } from '#kernel/jobs/jobs';
import type { Ending, Remediation } from '../domain/remediation.js';
import { AdvancePlan } from './advance-plan.js';
import { ClaimIncident, incidentNotWaiting } from './claim-incident.js';
import { executionOf } from './run-steps.js';

/** The same limit as for a runner's response. */
const MAX_OUTPUT_BYTES = 64 * 1024;

interface StepResult {
  readonly status: 'succeeded' | 'failed';
  readonly output: unknown;
}

/** A person reports the result of a manual step, or of one whose outcome is unknown. */
@Injectable()
export class CompleteStep {
  constructor(
    private readonly advancePlan: AdvancePlan,
    private readonly claimIncident: ClaimIncident,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws Refusal `validation_error`, `not_found`, `conflict` when the step does not wait for a person, or more steps follow
   *   and the incident is investigated or another plan executes
   */
  async execute(
    tenantId: TenantId,
    remediationId: string,
    stepId: string,
    result: StepResult,
  ): Promise<Remediation> {
    if (storedSize(result.output) > MAX_OUTPUT_BYTES) {
      throw invalid('output', 'must be at most 64 KiB of JSON');
    }
    return this.advancePlan.execute(tenantId, remediationId, async (plan) => {
      const hadEnded = plan.isUnknown(stepId) && !plan.isBeingRolledBack;
      const ending = plan.completeStep(stepId, result, this.clock.now());
      if (plan.nextForRunner) await this.jobs.enqueue(tenantId, executionOf(plan));
      return hadEnded ? this.resumeIncident(plan, ending) : ending;
    });
  }

  /** The incident was reopened when the outcome was unknown: this plan claims it again, unless another one has. */
  private async resumeIncident(plan: Remediation, ending: Ending | undefined): Promise<Ending | undefined> {
    if (ending === 'failed') return undefined;
    const claim = await this.claimIncident.execute(plan);
    if (claim === 'busy' && !ending) throw incidentNotWaiting();
    return ending;
  }
}
