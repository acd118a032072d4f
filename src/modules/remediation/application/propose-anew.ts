import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { RemediationProposals } from '../api.js';
import { FindPlan } from './find-plan.js';
import { ProposeRemediation } from './propose-remediation.js';

/** Proposes again what the latest run calls for, say after a plan was rejected or has failed. */
@Injectable()
export class ProposeAnew extends RemediationProposals {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly findPlan: FindPlan,
    private readonly proposeRemediation: ProposeRemediation,
    private readonly unitOfWork: UnitOfWork,
  ) {
    super();
  }

  async proposeAnew(tenantId: TenantId, incidentId: string): Promise<void> {
    await this.unitOfWork.run(tenantId, async () => {
      const { status } = await this.incidents.hold(tenantId, incidentId);
      // While one is investigated a proposal comes by itself, and one that waits is not doubled.
      if (status !== 'open')
        throw new Refusal('conflict', `Nothing is proposed for an incident that is ${status}.`);
      const found = await this.findPlan.execute(tenantId, incidentId);
      if (!found) throw new Refusal('conflict', 'No investigation has found anything that can be done.');
      await this.proposeRemediation.execute(tenantId, found.result, found.plan);
    });
  }
}
