import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { executionOf } from './run-steps.js';

/** Starts to carry an approved plan out. The steps themselves are a job's work. */
@Injectable()
export class ExecuteRemediation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict` */
  async execute(tenantId: TenantId, remediationId: string): Promise<Remediation> {
    return this.unitOfWork.run(tenantId, async () => {
      if (!(await this.startIfIncidentWaits(tenantId, remediationId))) {
        throw new Refusal(
          'conflict',
          'The incident waits for no remediation: it is resolved, or being worked on.',
        );
      }
      return this.plans.get(tenantId, remediationId);
    });
  }

  /** @returns false, with nothing changed, when a person has taken the incident out of the flow */
  async startIfIncidentWaits(tenantId: TenantId, remediationId: string): Promise<boolean> {
    return this.plans.change(tenantId, remediationId, async (plan) => {
      plan.refuseUnlessExecutable();
      const { moved } = await this.incidents.tell(tenantId, plan.incidentId, {
        happened: 'execution_started',
      });
      if (!moved) return false;
      plan.beginExecution(this.clock.now());
      await this.jobs.enqueue(tenantId, executionOf(plan));
      return true;
    });
  }
}
