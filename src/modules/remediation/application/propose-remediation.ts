import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { StepRunners } from '#modules/integrations/api';
import { Tenants } from '#modules/tenants/api';
import type { Plan } from '../domain/plan.js';
import { Plans } from '../domain/plans.js';
import { Remediation } from '../domain/remediation.js';
import { OpenApproval } from './open-approval.js';
import { executableActions } from './executable-actions.js';

/** Stores a plan and requests its approval. */
@Injectable()
export class ProposeRemediation {
  constructor(
    private readonly tenants: Tenants,
    private readonly runners: StepRunners,
    private readonly plans: Plans,
    private readonly openApproval: OpenApproval,
    private readonly clock: Clock,
  ) {}

  /** Joins the caller's transaction. */
  async execute(
    tenantId: TenantId,
    run: { readonly incidentId: string; readonly investigationId: string; readonly startedBy: string | null },
    plan: Plan,
  ): Promise<void> {
    const { incidentId, investigationId, startedBy: investigationStartedBy } = run;
    const { settings } = await this.tenants.profile(tenantId);
    const proposed = Remediation.propose(
      tenantId,
      { incidentId, investigationId, investigationStartedBy },
      plan,
      await executableActions(this.runners, tenantId, plan.steps),
      settings.approvals,
      this.clock.now(),
    );
    await this.plans.add(proposed);
    await this.openApproval.execute(proposed);
  }
}
