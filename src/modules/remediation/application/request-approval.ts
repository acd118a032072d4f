import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { Tenants } from '#modules/tenants/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { OpenApproval } from './open-approval.js';

/** Requests approval again for an expired plan. */
@Injectable()
export class RequestApproval {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly tenants: Tenants,
    private readonly incidents: IncidentLifecycle,
    private readonly openApproval: OpenApproval,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` when the plan is not expired, or its incident has ended or is investigated */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    const { settings } = await this.tenants.profile(tenantId);
    return this.unitOfWork.run(tenantId, async () => {
      const plan = await this.plans.change(tenantId, remediationId, (expired) => {
        expired.requestApproval(settings.approvals, this.clock.now());
        return expired;
      });
      const { status } = await this.incidents.lock(tenantId, plan.incidentId);
      // Otherwise the investigation would not propose its own plan, because the incident already waits for this one.
      if (status === 'investigating')
        throw new Refusal(
          'conflict',
          'The incident is being investigated; request approval again when the investigation has ended.',
        );
      await this.openApproval.execute(plan);
      return plan;
    });
  }
}
