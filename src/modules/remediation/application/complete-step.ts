import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import type { Ending, Remediation } from '../domain/remediation.js';
import { AdvancePlan } from './advance-plan.js';
import { ClaimIncident, waitsForNoPlan } from './claim-incident.js';
import { executionOf } from './run-steps.js';

/** As much as is kept of what a runner answers. */
const MOST_OUTPUT_BYTES = 64 * 1024;

interface StepResult {
  readonly status: 'succeeded' | 'failed';
  readonly output: unknown;
}

/** A person says how a step went that she did herself, or that nobody knows of. */
@Injectable()
export class CompleteStep {
  constructor(
    private readonly advancePlan: AdvancePlan,
    private readonly claimIncident: ClaimIncident,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws Refusal `validation_error`, `not_found`, `conflict` when the step waits for no person, or more is to be done
   *   after it and the incident is in other hands
   */
  async execute(
    tenantId: TenantId,
    remediationId: string,
    stepId: string,
    result: StepResult,
  ): Promise<Remediation> {
    if (Buffer.byteLength(JSON.stringify(result.output)) > MOST_OUTPUT_BYTES) {
      throw invalid('output', 'must be at most 64 KiB of JSON');
    }
    return this.advancePlan.execute(tenantId, remediationId, async (plan) => {
      const hadEnded = plan.isUnknown(stepId) && !plan.isBeingRolledBack;
      const ending = plan.completeStep(stepId, result, this.clock.now());
      if (plan.nextForRunner) await this.jobs.enqueue(tenantId, executionOf(plan));
      return hadEnded ? this.endingNow(plan, ending) : ending;
    });
  }

  /** The incident has been open since nobody knew: it is in other hands by now, or comes back into those of this plan. */
  private async endingNow(plan: Remediation, ending: Ending | undefined): Promise<Ending | undefined> {
    if (ending === 'failed') return undefined;
    const claim = await this.claimIncident.execute(plan);
    if (claim === 'busy' && !ending) throw waitsForNoPlan();
    return ending;
  }
}
