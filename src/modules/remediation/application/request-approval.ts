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

/** Puts a plan up again that ran out before anybody decided. */
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

  /** @throws Refusal `not_found`, `conflict` when the plan is not expired, or its incident is past proposals or investigated */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    const { settings } = await this.tenants.profile(tenantId);
    return this.unitOfWork.run(tenantId, async () => {
      const plan = await this.plans.change(tenantId, remediationId, (expired) => {
        expired.requestApproval(settings.approvals, this.clock.now());
        return expired;
      });
      const { status } = await this.incidents.hold(tenantId, plan.incidentId);
      // What the run proposes comes by itself, unless the incident waits for another plan by then.
      if (status === 'investigating')
        throw new Refusal(
          'conflict',
          'The incident is being investigated; the plan can be put up when that has ended.',
        );
      await this.openApproval.execute(plan);
      return plan;
    });
  }
}
