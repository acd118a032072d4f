import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type InvestigationResult, Investigations } from '#modules/investigation/api';
import { Patterns } from '#modules/knowledge/api';
import { type Plan, adaptPlan, planForCause } from '../domain/plan.js';

/** Derives a plan from the latest investigation of an incident. */
@Injectable()
export class FindPlan {
  constructor(
    private readonly investigations: Investigations,
    private readonly patterns: Patterns,
  ) {}

  /** @returns undefined when there is no result, or no action applies to it */
  async execute(
    tenantId: TenantId,
    incidentId: string,
  ): Promise<{ readonly result: InvestigationResult; readonly plan: Plan } | undefined> {
    const result = await this.investigations.latestResult(tenantId, incidentId);
    const plan = result && (await this.planFor(tenantId, result));
    return plan && { result, plan };
  }

  private async planFor(
    tenantId: TenantId,
    { acceptedPatternId, outcome, culprit }: InvestigationResult,
  ): Promise<Plan | undefined> {
    if (acceptedPatternId !== null) {
      const fix = (await this.patterns.find(tenantId, acceptedPatternId))?.fix;
      return fix && fix.steps.length > 0 ? adaptPlan(fix, culprit) : undefined;
    }
    const hasCause = outcome === 'identified' || outcome === 'probable';
    return hasCause && culprit ? planForCause(culprit) : undefined;
  }
}
