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
