import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { RemediationProposals } from '../api.js';
import { FindPlan } from './find-plan.js';
import { ProposeRemediation } from './propose-remediation.js';

/** Proposes a plan from the latest investigation again, for example after one was rejected or has failed. */
@Injectable()
export class ProposeAgain extends RemediationProposals {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly findPlan: FindPlan,
    private readonly proposeRemediation: ProposeRemediation,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super();
  }

  async proposeAgain(tenantId: TenantId, incidentId: string): Promise<void> {
    await this.unitOfWork.run(tenantId, async () => {
      const { status } = await this.incidents.lock(tenantId, incidentId);
      // An investigation proposes its own plan, and a pending plan is not duplicated.
      if (status !== 'open')
        throw new Refusal('conflict', `No plan is proposed for an incident that is ${status}.`);
      const found = await this.findPlan.execute(tenantId, incidentId);
      if (!found)
        throw new Refusal(
          'conflict',
          'The latest investigation found no cause that a known action applies to.',
        );
      await this.proposeRemediation.execute(tenantId, found.result, found.plan);
    });
  }
}
