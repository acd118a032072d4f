import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Plans } from '../domain/plans.js';
import type { Remediation } from '../domain/remediation.js';
import { CloseProposal } from './close-proposal.js';

interface Rejection {
  readonly by: string;
  readonly reason: string | null;
  /** The approval request, if the caller names one. */
  readonly approvalId?: string;
}

/** Rejects a plan: one admin is enough. */
@Injectable()
export class RejectRemediation {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly closeProposal: CloseProposal,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `already_decided`, `approval_expired` */
  async execute(tenantId: TenantId, remediationId: string, rejection: Rejection): Promise<Remediation> {
    return this.unitOfWork.run(tenantId, async () => {
      const rejected = await this.plans.change(tenantId, remediationId, (plan) => {
        plan.reject(rejection, this.clock.now());
        return plan;
      });
      await this.closeProposal.execute(rejected);
      return rejected;
    });
  }
}
