import { Aggregate } from '#kernel/domain/aggregate';
import { Refusal } from '#kernel/domain/errors';
import { type Id, newId } from '#kernel/domain/ids';
import { words } from '#kernel/domain/words';
import { ApprovalRequested, ApprovalResolved, RemediationApproved, RemediationRejected } from '../events.js';
import { planDigest } from './plan.js';
import type { Step } from './step.js';

export const REMEDIATION_STATUSES = words('RemediationStatus', [
  'proposed',
  'approved',
  'rejected',
  'expired',
  'executing',
  'completed',
  'failed',
  'rolled_back',
]);
export type RemediationStatus = (typeof REMEDIATION_STATUSES)[number];

/** The investigation a plan came from. */
export interface PlanOrigin {
  readonly incidentId: string;
  readonly investigationId: string;
  /** Who started or re-ran it; null when triage did. */
  readonly investigationStartedBy: string | null;
}

export interface ApprovalPolicy {
  readonly required: number;
  readonly expiresInMinutes: number;
}

interface Approval {
  readonly userId: string;
  readonly notes: string | null;
  readonly at: string;
}

/** A plan and its approval: who may approve it, how many have to, until when, and which exact plan. */
export abstract class Proposal extends Aggregate {
  readonly remediationId!: Id<'rem'>;
  readonly incidentId!: string;
  readonly investigationId!: string;
  readonly investigationStartedBy!: string | null;
  readonly title!: string;
  readonly planDigest!: string;
  steps!: Step[];
  status!: RemediationStatus;
  approvalId!: Id<'apr'>;
  approvalExpiresAt!: Date;
  approvalsRequired!: number;
  approvals: Approval[] = [];

  requestApproval(policy: ApprovalPolicy, now: Date): void {
    if (this.status !== 'expired')
      throw this.conflict('submitted for approval again; only an expired one can');
    this.askForApproval(policy, now);
  }

  /**
   * @returns whether this was the last approval that was needed
   * @throws Refusal `forbidden`, `approval_expired`, `already_decided`, `conflict`
   */
  approve(
    approval: { readonly by: string; readonly notes: string | null; readonly approvalId?: string },
    { allowSelfApproval }: { readonly allowSelfApproval: boolean },
    now: Date,
  ): boolean {
    const { by: userId, notes } = approval;
    if (!allowSelfApproval && userId === this.investigationStartedBy) {
      throw new Refusal('forbidden', 'The person who started the investigation cannot approve its plan.');
    }
    this.refuseUnlessPending(approval.approvalId, now);
    if (this.approvals.some((given) => given.userId === userId)) {
      throw new Refusal('already_decided', 'You have already approved this plan.');
    }
    this.refuseChangedPlan();
    this.approvals.push({ userId, notes, at: now.toISOString() });
    if (this.approvals.length < this.approvalsRequired) return false;
    const { remediationId, incidentId } = this;
    this.status = 'approved';
    this.record(new RemediationApproved({ remediationId, approvedBy: userId, incidentId }));
    this.recordDecision('approved', userId);
    return true;
  }

  /** @throws Refusal `approval_expired`, `already_decided` */
  reject(
    rejection: { readonly by: string; readonly reason: string | null; readonly approvalId?: string },
    now: Date,
  ): void {
    const { by: rejectedBy, reason } = rejection;
    this.refuseUnlessPending(rejection.approvalId, now);
    const { remediationId, incidentId } = this;
    this.status = 'rejected';
    this.record(new RemediationRejected({ remediationId, incidentId, rejectedBy, reason }));
    this.recordDecision('rejected', rejectedBy);
  }

  /** @returns false when that request was decided or replaced already */
  expire(approvalId: string): boolean {
    if (this.status !== 'proposed' || this.approvalId !== approvalId) return false;
    this.status = 'expired';
    this.recordDecision('expired', null);
    return true;
  }

  /** @throws Refusal `conflict` unless the plan is approved and unchanged */
  refuseUnlessExecutable(): void {
    if (this.status !== 'approved') throw this.conflict('executed; only an approved one can');
    this.refuseChangedPlan();
  }

  protected askForApproval({ required, expiresInMinutes }: ApprovalPolicy, now: Date): void {
    this.status = 'proposed';
    this.approvalId = newId('apr');
    this.approvalExpiresAt = new Date(now.getTime() + expiresInMinutes * 60_000);
    this.approvalsRequired = required;
    this.approvals = [];
    const { approvalId, remediationId, incidentId } = this;
    const expiresAt = this.approvalExpiresAt.toISOString();
    this.record(new ApprovalRequested({ approvalId, remediationId, incidentId, expiresAt }));
  }

  protected conflict(what: string): Refusal {
    return new Refusal('conflict', `A remediation that is ${this.status} cannot be ${what}.`);
  }

  private refuseUnlessPending(approvalId: string | undefined, now: Date): void {
    const isReplaced = approvalId !== undefined && approvalId !== this.approvalId;
    const hasTimedOut = this.status === 'proposed' && now >= this.approvalExpiresAt;
    if (isReplaced || hasTimedOut || this.status === 'expired') {
      throw new Refusal(
        'approval_expired',
        'This approval request has expired: its time is over, or its incident has ended.',
      );
    }
    if (this.status !== 'proposed') {
      throw new Refusal('already_decided', `This plan has already been decided: it is ${this.status}.`);
    }
  }

  private refuseChangedPlan(): void {
    if (planDigest(this.title, this.steps) === this.planDigest) return;
    throw new Refusal('conflict', 'The plan differs from the one that was submitted for approval.');
  }

  private recordDecision(decision: 'approved' | 'rejected' | 'expired', decidedBy: string | null): void {
    const { approvalId, remediationId, incidentId } = this;
    this.record(new ApprovalResolved({ approvalId, remediationId, incidentId, decision, decidedBy }));
  }
}
