import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';
import { AdvancePlan } from './advance-plan.js';
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
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `validation_error`, `not_found`, `conflict` when the step waits for no person */
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
      if (result.status === 'succeeded' && plan.isUnknown(stepId) && !plan.isBeingRolledBack) {
        await this.incidents.tell(tenantId, plan.incidentId, { happened: 'execution_started' });
      }
      const ending = plan.completeStep(stepId, result, this.clock.now());
      if (plan.nextForRunner) await this.jobs.enqueue(tenantId, executionOf(plan));
      return ending;
    });
  }
}
