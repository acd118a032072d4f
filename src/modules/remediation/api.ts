import type { TenantId } from '#kernel/domain/ids';

export interface ProposedPlan {
  readonly remediationId: string;
  readonly title: string;
  readonly steps: readonly PlannedStep[];
}

/** A plan that was executed. */
export interface ExecutedPlan extends ProposedPlan {
  readonly outcome: 'success' | 'failure' | 'unknown';
}

export interface PlannedStep {
  readonly action: string;
  readonly description: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export abstract class Remediations {
  abstract plan(tenantId: TenantId, remediationId: string): Promise<ProposedPlan | undefined>;

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

export interface ApprovalResponse {
  readonly decision: 'approve' | 'reject';
  /** An admin of the tenant; the caller has checked that. */
  readonly by: string;
  readonly notes: string | null;
}

export abstract class Approvals {
  /**
   * Approves or rejects the plan of an approval request.
   * @returns the status of the plan: `proposed` while more approvals are required
   * @throws Refusal `not_found`, `forbidden`, `already_decided`, `approval_expired`, `conflict`
   */
  abstract respond(
    tenantId: TenantId,
    approvalId: string,
    response: ApprovalResponse,
  ): Promise<{ readonly status: string }>;
}
