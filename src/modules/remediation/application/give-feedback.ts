import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { Plans } from '../domain/plans.js';
import type { Feedback } from '../domain/feedback.js';

/** Records one person's feedback on an executed plan. */
@Injectable()
export class GiveFeedback {
  constructor(
    private readonly plans: Plans,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, `conflict`, `already_exists` */
  async execute(
    tenantId: TenantId,
    remediationId: string,
    feedback: Omit<Feedback, 'at'>,
  ): Promise<Feedback> {
    return this.plans.change(tenantId, remediationId, (plan) =>
      plan.giveFeedback(feedback, this.clock.now()),
    );
  }
}
