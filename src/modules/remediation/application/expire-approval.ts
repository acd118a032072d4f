import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Plans } from '../domain/plans.js';
import { CloseProposal } from './close-proposal.js';

export const EXPIRE_APPROVAL = 'expire-approval';

interface Request {
  readonly remediationId: string;
  readonly approvalId: string;
}

/**
 * Runs when the approval request has timed out, or its incident has ended. An undecided plan expires, which never resolves
 * the incident.
 */
@Injectable()
@JobHandler(EXPIRE_APPROVAL)
export class ExpireApproval implements JobRunner<Request> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly plans: Plans,
    private readonly closeProposal: CloseProposal,
  ) {}

  async run({ tenantId, payload }: Job<Request>): Promise<void> {
    await this.execute(tenantId, payload);
  }

  async execute(tenantId: TenantId, { remediationId, approvalId }: Request): Promise<void> {
    await this.unitOfWork.run(tenantId, async () => {
      const expired = await this.plans.change(tenantId, remediationId, (plan) =>
        plan.expire(approvalId) ? plan : undefined,
      );
      if (expired) await this.closeProposal.execute(expired);
    });
  }
}
