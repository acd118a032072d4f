import type { TenantId } from '#kernel/domain/ids';

/** A plan that was carried out, as a lesson. */
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
  /** The newest plan that was executed for an incident with success. */
  abstract successfulPlan(tenantId: TenantId, incidentId: string): Promise<ExecutedPlan | undefined>;
}

export abstract class RemediationProposals {
  /**
   * Proposes what the latest investigation of an open incident calls for.
   * @throws Refusal `not_found`, or `conflict` when the incident is not open or nothing can be done
   */
  abstract proposeAnew(tenantId: TenantId, incidentId: string): Promise<void>;
}
