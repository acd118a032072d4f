import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type LifecycleStep } from '#modules/ingestion/api';
import { Plans } from '../domain/plans.js';
import type { Ending, Remediation } from '../domain/remediation.js';

/**
 * What an ending means for the incident. People did it all: they are the ones to say that it helped. Rolled back:
 * whatever the incident is by now, taking a plan back does not change it.
 */
const CONSEQUENCES: Readonly<Record<Ending, LifecycleStep | undefined>> = {
  verified: { happened: 'remediation_verified' },
  failed: { happened: 'remediation_failed' },
  done_by_hand: undefined,
  rolled_back: undefined,
};

/** Moves an executing plan on and, in the same transaction, tells the incident how the plan has ended, if it has. */
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
      const consequence = ending && CONSEQUENCES[ending];
      if (consequence) await this.incidents.tell(tenantId, plan.incidentId, consequence);
      return plan;
    });
  }
}
