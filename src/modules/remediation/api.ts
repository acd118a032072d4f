import type { TenantId } from '#kernel/domain/ids';

/** A plan that was executed. */
export interface ExecutedPlan {
  readonly remediationId: string;
  readonly title: string;
  readonly outcome: 'success' | 'failure' | 'unknown';
  readonly steps: readonly PlannedStep[];
}

export interface PlannedStep {
  readonly action: string;
  readonly description: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export abstract class Remediations {
  /** The plan that was executed successfully for an incident; the newest of several. */
  abstract successfulPlan(tenantId: TenantId, incidentId: string): Promise<ExecutedPlan | undefined>;
}

export abstract class RemediationProposals {
  /**
   * Proposes a plan for an open incident from its latest investigation.
   * @throws Refusal `not_found`, or `conflict` when the incident is not open or no action applies
   */
  abstract proposeAgain(tenantId: TenantId, incidentId: string): Promise<void>;
}
