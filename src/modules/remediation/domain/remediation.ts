import { Aggregate } from '#kernel/domain/aggregate';
import { notFound, Refusal } from '#kernel/domain/errors';
import { type Id, newId, type TenantId } from '#kernel/domain/ids';
import {
  ApprovalRequested,
  ApprovalResolved,
  RemediationApproved,
  RemediationExecuted,
  RemediationProposed,
  RemediationRejected,
  RemediationRolledBack,
} from '../events.js';
import { type Plan, planDigest } from './plan.js';
import type { Feedback } from './feedback.js';
import {
  begin, type Executable, reversalOf, settle, type Step, type StepOutcome, stepsOf, type Verdict, verdictOn,
} from './step.js'; // prettier-ignore

export const REMEDIATION_STATUSES = [
  'proposed',
  'approved',
  'rejected',
  'expired',
  'executing',
  'completed',
  'failed',
  'rolled_back',
] as const;
export type RemediationStatus = (typeof REMEDIATION_STATUSES)[number];

/** The run a plan came from. */
export interface PlanOrigin {
  readonly incidentId: string;
  readonly investigationId: string;
  /** Who started or re-ran it; null when triage did. */
  readonly investigationStartedBy: string | null;
}

/** What a tenant asks of its approvals. */
export interface ApprovalPolicy {
  readonly required: number;
  readonly expiresInMinutes: number;
}

interface Approval {
  readonly userId: string;
  readonly notes: string | null;
  readonly at: string;
}

/**
 * How a plan came to its end. `verified`: all steps succeeded and a runner did at least one of them; `done_by_hand`:
 * all succeeded and people did them all; `rolled_back`: the attempt to take it back ended, well or not.
 */
export type Ending = 'verified' | 'done_by_hand' | 'failed' | 'rolled_back';

/** A plan against an incident, from its proposal to its end. */
export class Remediation extends Aggregate {
  readonly remediationId!: Id<'rem'>;
  readonly incidentId!: string;
  readonly investigationId!: string;
  readonly investigationStartedBy!: string | null;
  readonly title!: string;
  status!: RemediationStatus;
  readonly planDigest!: string;
  steps!: Step[];
  approvalId!: Id<'apr'>;
  approvalExpiresAt!: Date;
  approvalsRequired!: number;
  approvals: Approval[] = [];
  executionStartedAt: Date | null = null;
  executedAt: Date | null = null;
  durationMs: number | null = null;
  feedback: Feedback[] = [];
  readonly version: number = 1;
  readonly createdAt!: Date;

  private constructor() {
    super();
  }

  static propose(
    tenantId: TenantId,
    origin: PlanOrigin,
    plan: Plan,
    isExecutable: Executable,
    policy: ApprovalPolicy,
    now: Date,
  ): Remediation {
    const { title } = plan;
    const { incidentId } = origin;
    const steps = stepsOf(plan.steps, isExecutable);
    const remediationId = newId('rem');
    const remediation = Object.assign(new Remediation(), origin, {
      tenantId,
      remediationId,
      title,
      planDigest: planDigest(title, steps),
      steps,
      createdAt: now,
    });
    const descriptions = steps.map(({ description }) => description);
    remediation.record(
      new RemediationProposed({
        incidentId,
        remediationId,
        title,
        requiresApproval: true,
        steps: descriptions,
      }),
    );
    remediation.askForApproval(policy, now);
    return remediation;
  }

  /** Puts an expired plan up again. */
  requestApproval(policy: ApprovalPolicy, now: Date): void {
    if (this.status !== 'expired') throw this.conflict('put up for approval again; only an expired one can');
    this.askForApproval(policy, now);
  }

  /**
   * @param approvalId the request that is answered, where the caller named one
   * @returns whether this was the last approval that was needed
   * @throws Refusal `forbidden`, `approval_expired`, `already_decided`, `conflict`
   */
  approve(
    approval: { readonly by: string; readonly notes: string | null; readonly approvalId?: string },
    allowSelfApproval: boolean,
    now: Date,
  ): boolean {
    const { by: userId, notes } = approval;
    if (!allowSelfApproval && userId === this.investigationStartedBy) {
      throw new Refusal('forbidden', 'Who started the investigation cannot approve what it proposes.');
    }
    this.refuseUnlessPending(approval.approvalId, now);
    if (this.approvals.some((given) => given.userId === userId)) {
      throw new Refusal('already_decided', 'You have approved this plan already.');
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

  /** @returns false when that request was answered, or replaced, in time */
  expire(approvalId: string): boolean {
    if (this.status !== 'proposed' || this.approvalId !== approvalId) return false;
    this.status = 'expired';
    this.recordDecision('expired', null);
    return true;
  }

  /** @throws Refusal `conflict` unless this very plan is approved */
  refuseUnlessExecutable(): void {
    if (this.status !== 'approved') throw this.conflict('executed; only an approved one can');
    this.refuseChangedPlan();
  }

  beginExecution(now: Date): void {
    this.refuseUnlessExecutable();
    this.status = 'executing';
    this.executionStartedAt = now;
    // A rehearsal's answers must not be taken for the real ones.
    for (const step of this.steps) step.output = null;
  }

  /** What a runner said it would do. Shown until the plan is executed. */
  recordRehearsal(stepId: string, result: object): void {
    const step = this.steps.find((candidate) => candidate.stepId === stepId);
    if (this.status === 'approved' && step) step.output = { dryRun: true, ...result };
  }

  /** The step that a runner is to do next; undefined while a person is to act and when the plan has ended. */
  get nextForRunner(): Step | undefined {
    const next = this.current;
    return next?.status === 'pending' && !next.manual ? next : undefined;
  }

  /** Says that the next step is about to be sent, so that whoever comes after a crash knows that it may have been. */
  beginStep(now: Date): Step {
    const step = this.nextForRunner;
    if (!step) throw new Error(`${this.remediationId} has no step for a runner`);
    begin(step, now);
    return step;
  }

  /** @returns how the plan has ended, if it has */
  recordOutcome(stepId: string, attempt: number, outcome: StepOutcome, now: Date): Ending | undefined {
    const step = this.current;
    // Another process took this one for dead and has said so: the plan has ended on that word.
    if (step?.stepId !== stepId || step.status !== 'running' || step.attempt !== attempt) return undefined;
    return this.settle(step, outcome, now);
  }

  /** The next step cannot be sent at all. */
  failUnsent(reason: string, now: Date): Ending | undefined {
    const step = this.nextForRunner;
    return step && this.settle(step, { status: 'failed', output: { reason } }, now);
  }

  /** To be called where nobody can be sending: a step that still runs was cut off, and nobody knows what came of it. */
  reportInterruption(now: Date): Ending | undefined {
    const step = this.current;
    if (step?.status !== 'running') return undefined;
    const outcome = { status: 'unknown', reason: 'The server stopped before the answer came.' } as const;
    return this.settle(step, outcome, now);
  }

  /** Whether a word on this step sets a plan going again that had ended without knowing. */
  isUnknown(stepId: string): boolean {
    return this.status === 'failed' && this.stepNamed(stepId).status === 'unknown';
  }

  /** A person says how a manual step went, or one that nobody knows of. */
  completeStep(
    stepId: string,
    result: { readonly status: 'succeeded' | 'failed'; readonly output: unknown },
    now: Date,
  ): Ending | undefined {
    const step = this.stepNamed(stepId);
    const isNextByHand = this.current === step && step.manual && step.status === 'pending';
    if (!isNextByHand && !this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be completed now.`);
    }
    if (step.status === 'unknown') this.goOn();
    return this.settle(step, result, now);
  }

  /** Lets a step be sent again of which nobody knows what came. */
  retryStep(stepId: string): void {
    const step = this.stepNamed(stepId);
    if (!this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be sent again.`);
    }
    this.goOn();
    step.status = 'pending';
  }

  /** What would take the plan back, the last step first. */
  get reversal(): ReturnType<typeof reversalOf> {
    return this.isBeingRolledBack || !['completed', 'failed'].includes(this.status)
      ? []
      : reversalOf(this.steps);
  }

  /** @throws Refusal `conflict` when there is nothing to take back */
  rollBack(isExecutable: Executable): void {
    const { reversal } = this;
    if (reversal.length === 0)
      throw this.conflict('rolled back: it has no step that was done and can be reversed');
    this.steps.push(...stepsOf(reversal, isExecutable, this.steps.length));
    this.status = 'executing';
  }

  get isBeingRolledBack(): boolean {
    return this.steps.some(({ reverses }) => reverses !== null);
  }

  /** @throws Refusal `conflict` before the plan has run, `already_exists` at a person's second word */
  giveFeedback(feedback: Omit<Feedback, 'at'>, now: Date): Feedback {
    if (this.executedAt === null) throw this.conflict('judged before it was executed');
    if (this.feedback.some(({ userId }) => userId === feedback.userId)) {
      throw new Refusal('already_exists', 'You have given your feedback on this remediation already.');
    }
    const given = { ...feedback, at: now.toISOString() };
    this.feedback.push(given);
    return given;
  }

  private askForApproval({ required, expiresInMinutes }: ApprovalPolicy, now: Date): void {
    this.status = 'proposed';
    this.approvalId = newId('apr');
    this.approvalExpiresAt = new Date(now.getTime() + expiresInMinutes * 60_000);
    this.approvalsRequired = required;
    this.approvals = [];
    const { approvalId, remediationId, incidentId } = this;
    const expiresAt = this.approvalExpiresAt.toISOString();
    this.record(new ApprovalRequested({ approvalId, remediationId, incidentId, expiresAt }));
  }

  private refuseUnlessPending(approvalId: string | undefined, now: Date): void {
    const isReplaced = approvalId !== undefined && approvalId !== this.approvalId;
    const ranOut = this.status === 'proposed' && now >= this.approvalExpiresAt;
    if (isReplaced || ranOut || this.status === 'expired') {
      throw new Refusal('approval_expired', 'The time to decide on this plan has run out.');
    }
    if (this.status !== 'proposed') {
      throw new Refusal('already_decided', `This plan was decided on already: it is ${this.status}.`);
    }
  }

  private refuseChangedPlan(): void {
    if (planDigest(this.title, this.steps) === this.planDigest) return;
    throw new Refusal('conflict', 'The plan is not the one that was put up for approval.');
  }

  private recordDecision(decision: 'approved' | 'rejected' | 'expired', decidedBy: string | null): void {
    const { approvalId, remediationId, incidentId } = this;
    this.record(new ApprovalResolved({ approvalId, remediationId, incidentId, decision, decidedBy }));
  }

  /** The steps under way: those of the plan, or those that take it back. */
  private get ownSteps(): Step[] {
    const back = this.isBeingRolledBack;
    return this.steps.filter(({ reverses }) => (reverses !== null) === back);
  }

  private get current(): Step | undefined {
    return this.status === 'executing'
      ? this.ownSteps.find(({ status }) => status !== 'succeeded')
      : undefined;
  }

  private stepNamed(stepId: string): Step {
    const step = this.ownSteps.find((candidate) => candidate.stepId === stepId);
    if (!step) throw notFound('step');
    return step;
  }

  private settle(step: Step, outcome: StepOutcome, now: Date): Ending | undefined {
    settle(step, outcome, now);
    const verdict = verdictOn(this.ownSteps);
    if (verdict === undefined) return undefined;
    for (const rest of this.ownSteps) if (rest.status === 'pending') rest.status = 'skipped';
    return this.end(verdict, now);
  }

  private end(outcome: Verdict, now: Date): Ending {
    const { remediationId, incidentId } = this;
    if (this.isBeingRolledBack) {
      this.status = outcome === 'success' ? 'rolled_back' : 'failed';
      this.record(new RemediationRolledBack({ remediationId, incidentId, outcome }));
      return 'rolled_back';
    }
    this.status = outcome === 'success' ? 'completed' : 'failed';
    this.executedAt = now;
    this.durationMs = now.getTime() - (this.executionStartedAt ?? now).getTime();
    this.record(new RemediationExecuted({ remediationId, incidentId, outcome, durationMs: this.durationMs }));
    if (outcome !== 'success') return 'failed';
    return this.steps.some(({ manual }) => !manual) ? 'verified' : 'done_by_hand';
  }

  /** What was skipped because of the unknown step is to be done after all. */
  private goOn(): void {
    this.status = 'executing';
    for (const step of this.ownSteps) if (step.status === 'skipped') step.status = 'pending';
  }

  private conflict(what: string): Refusal {
    return new Refusal('conflict', `A remediation that is ${this.status} cannot be ${what}.`);
  }
}
