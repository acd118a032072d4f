import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type LifecycleStep } from '#modules/ingestion/api';
import { Plans } from '../domain/plans.js';
import type { Ending, Remediation } from '../domain/remediation.js';

/**
 * What the end of a plan means for its incident. When people did every step by hand, they also decide whether it helped. A
 * rollback leaves the incident as it is.
 */
const LIFECYCLE_STEPS: Readonly<Record<Ending, LifecycleStep | undefined>> = {
  verified: { happened: 'remediation_verified' },
  failed: { happened: 'remediation_failed' },
  done_by_hand: undefined,
  rolled_back: undefined,
};

/** Changes an executing plan and, in the same transaction, moves its incident on if the plan has ended. */
@Injectable()
export class AdvancePlan {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly incidents: IncidentLifecycle,
  ) {}

  async execute(
    tenantId: TenantId,
    remediationId: string,
    decide: (plan: Remediation) => Ending | undefined | Promise<Ending | undefined>,
  ): Promise<Remediation> {
    return this.unitOfWork.run(tenantId, async () => {
      const { plan, ending } = await this.plans.change(tenantId, remediationId, async (changing) => ({
        plan: changing,
        ending: await decide(changing),
      }));
      const lifecycleStep = ending && LIFECYCLE_STEPS[ending];
      if (lifecycleStep) await this.incidents.advance(tenantId, plan.incidentId, lifecycleStep);
      return plan;
    });
  }
}
