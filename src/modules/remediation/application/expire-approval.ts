import { Injectable } from '@nestjs/common';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Plans } from '../domain/plans.js';
import { CloseProposal } from './close-proposal.js';

export const EXPIRE_APPROVAL = 'expire-approval';

/** Runs when the time to decide is over. A plan that nobody decided on expires; it never resolves its incident. */
@Injectable()
@JobHandler(EXPIRE_APPROVAL)
export class ExpireApproval implements JobRunner<{ remediationId: string; approvalId: string }> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly closeProposal: CloseProposal,
  ) {}

  async run({ tenantId, payload }: Job<{ remediationId: string; approvalId: string }>): Promise<void> {
    await this.unitOfWork.run(tenantId, async () => {
      const expired = await this.plans.change(tenantId, payload.remediationId, (plan) =>
        plan.expire(payload.approvalId) ? plan : undefined,
      );
      if (expired) await this.closeProposal.execute(expired);
    });
  }
}
