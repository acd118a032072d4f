import { Refusal } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { RemediationExecuted, RemediationProposed, RemediationRolledBack } from '../events.js';
import type { Feedback } from './feedback.js';
import { type Plan, planDigest } from './plan.js';
import { type ApprovalPolicy, type PlanOrigin, Proposal } from './proposal.js';
import { begin, type Executable, settle, type Step, type StepOutcome, stepsOf } from './step.js';
import {
  hasRollback,
  conclude,
  currentOf,
  resume,
  rollbackStepsOf,
  findStep,
  type ExecutionOutcome,
} from './steps.js';

/**
 * How a plan ended. `verified`: all steps succeeded, at least one by a runner; `done_by_hand`: all steps succeeded, all by
 * people; `rolled_back`: a rollback ended, successfully or not.
 */
export type Ending = 'verified' | 'done_by_hand' | 'failed' | 'rolled_back';

/** A plan for an incident, from its proposal to its end: once approved, it is executed step by step. */
export class Remediation extends Proposal {
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

  /** Records what a runner would do. Shown until the plan is executed. */
  recordDryRun(stepId: string, result: object): void {
    const step = this.steps.find((candidate) => candidate.stepId === stepId);
    if (this.status === 'approved' && step) step.output = { dryRun: true, ...result };
  }

  beginExecution(now: Date): void {
    this.refuseUnlessExecutable();
    this.status = 'executing';
    this.executionStartedAt = now;
    // The output of a dry run must not be taken for that of the execution.
    for (const step of this.steps) step.output = null;
  }

  /** The next step for a runner; undefined while a person has to act and after the plan has ended. */
  get nextForRunner(): Step | undefined {
    const next = this.current;
    return next?.status === 'pending' && !next.manual ? next : undefined;
  }

  /** Records that the next step is about to be sent, so that after a crash it is known that it may have been. */
  beginStep(now: Date): Step {
    const step = this.nextForRunner;
    if (!step) throw new Error(`${this.remediationId} has no step for a runner`);
    begin(step, now);
    return step;
  }

  /** @returns how the plan has ended, if it has */
  recordOutcome(stepId: string, attempt: number, outcome: StepOutcome, now: Date): Ending | undefined {
    const step = this.current;
    // Another process considered this one dead and has recorded the interruption, which ended the plan.
    if (step?.stepId !== stepId || step.status !== 'running' || step.attempt !== attempt) return undefined;
    return this.settle(step, outcome, now);
  }

  /** The next step cannot be sent at all. */
  failUnsent(reason: string, now: Date): Ending | undefined {
    const step = this.nextForRunner;
    return step && this.settle(step, { status: 'given_up', reason }, now);
  }

  /** To be called when no process can be sending: a step that is still running was interrupted, with unknown outcome. */
  reportInterruption(now: Date): Ending | undefined {
    const step = this.current;
    if (step?.status !== 'running') return undefined;
    const outcome = { status: 'unknown', reason: 'The server stopped before the response arrived.' } as const;
    return this.settle(step, outcome, now);
  }

  /** Whether the plan ended because of this step's unknown outcome, so that a result or a retry resumes it. */
  isUnknown(stepId: string): boolean {
    const step = findStep(this.steps, stepId);
    return this.status === 'failed' && step.status === 'unknown' && currentOf(this.steps) === step;
  }

  /** Records a person's result of a manual step, or of one whose outcome is unknown. */
  completeStep(
    stepId: string,
    result: { readonly status: 'succeeded' | 'failed'; readonly output: unknown },
    now: Date,
  ): Ending | undefined {
    const step = findStep(this.steps, stepId);
    const isNextByHand = this.current === step && step.manual && step.status === 'pending';
    if (!isNextByHand && !this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be completed now.`);
    }
    if (step.status === 'unknown') this.continueExecution();
    return this.settle(step, result, now);
  }

  /** Has a step sent again whose outcome is unknown. */
  retryStep(stepId: string): void {
    const step = findStep(this.steps, stepId);
    if (!this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be sent again.`);
    }
    this.continueExecution();
    step.status = 'pending';
    step.mayBeDone = true;
  }

  /** The steps that would roll the plan back, last step first; after a failed rollback, the remaining ones. */
  get rollbackSteps(): ReturnType<typeof rollbackStepsOf> {
    return ['completed', 'failed'].includes(this.status) ? rollbackStepsOf(this.steps) : [];
  }

  /** @throws Refusal `conflict` when there is nothing to roll back, or a step of the rollback is unknown */
  rollBack(isExecutable: Executable): void {
    const { rollbackSteps } = this;
    if (rollbackSteps.length === 0)
      throw this.conflict('rolled back: it has no completed step left to reverse');
    if (this.isBeingRolledBack && currentOf(this.steps)?.status === 'unknown')
      throw new Refusal('conflict', 'The outcome of the last step is unknown: retry or complete it first.');
    this.steps.push(...stepsOf(rollbackSteps, isExecutable, this.steps.length));
    this.status = 'executing';
  }

  get isBeingRolledBack(): boolean {
    return hasRollback(this.steps);
  }

  /** @throws Refusal `conflict` before the plan has run, `already_exists` for a person's second feedback */
  giveFeedback(feedback: Omit<Feedback, 'at'>, now: Date): Feedback {
    if (this.executedAt === null) throw this.conflict('given feedback before it was executed');
    if (this.feedback.some(({ userId }) => userId === feedback.userId)) {
      throw new Refusal('already_exists', 'You have already given feedback on this remediation.');
    }
    const given = { ...feedback, at: now.toISOString() };
    this.feedback.push(given);
    return given;
  }

  private get current(): Step | undefined {
    return this.status === 'executing' ? currentOf(this.steps) : undefined;
  }

  private settle(step: Step, outcome: StepOutcome, now: Date): Ending | undefined {
    settle(step, outcome, now);
    const verdict = conclude(this.steps);
    return verdict && this.end(verdict, now);
  }

  private end(outcome: ExecutionOutcome, now: Date): Ending {
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

  private continueExecution(): void {
    this.status = 'executing';
    resume(this.steps);
  }
}
