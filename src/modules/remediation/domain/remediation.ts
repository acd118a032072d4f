import { Refusal } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { RemediationExecuted, RemediationProposed, RemediationRolledBack } from '../events.js';
import type { Feedback } from './feedback.js';
import { type Plan, planDigest } from './plan.js';
import { type ApprovalPolicy, type PlanOrigin, Proposal } from './proposal.js';
import { begin, type Executable, settle, type Step, type StepOutcome, stepsOf } from './step.js';
import { areTakenBack, conclude, currentOf, resume, reversalOf, stepNamed, type Verdict } from './steps.js';

/**
 * How a plan came to its end. `verified`: all steps succeeded and a runner did at least one of them; `done_by_hand`:
 * all succeeded and people did them all; `rolled_back`: the attempt to take it back ended, well or not.
 */
export type Ending = 'verified' | 'done_by_hand' | 'failed' | 'rolled_back';

/** A plan against an incident, from its proposal to its end: once approved it is carried out, step by step. */
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

  /** What a runner said it would do. Shown until the plan is executed. */
  recordRehearsal(stepId: string, result: object): void {
    const step = this.steps.find((candidate) => candidate.stepId === stepId);
    if (this.status === 'approved' && step) step.output = { dryRun: true, ...result };
  }

  beginExecution(now: Date): void {
    this.refuseUnlessExecutable();
    this.status = 'executing';
    this.executionStartedAt = now;
    // A rehearsal's answers must not be taken for the real ones.
    for (const step of this.steps) step.output = null;
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
    return step && this.settle(step, { status: 'given_up', reason }, now);
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
    const step = stepNamed(this.steps, stepId);
    return this.status === 'failed' && step.status === 'unknown' && currentOf(this.steps) === step;
  }

  /** A person says how a manual step went, or one that nobody knows of. */
  completeStep(
    stepId: string,
    result: { readonly status: 'succeeded' | 'failed'; readonly output: unknown },
    now: Date,
  ): Ending | undefined {
    const step = stepNamed(this.steps, stepId);
    const isNextByHand = this.current === step && step.manual && step.status === 'pending';
    if (!isNextByHand && !this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be completed now.`);
    }
    if (step.status === 'unknown') this.goOn();
    return this.settle(step, result, now);
  }

  /** Lets a step be sent again of which nobody knows what came. */
  retryStep(stepId: string): void {
    const step = stepNamed(this.steps, stepId);
    if (!this.isUnknown(stepId)) {
      throw new Refusal('conflict', `A step that is ${step.status} cannot be sent again.`);
    }
    this.goOn();
    step.status = 'pending';
    step.mayBeDone = true;
  }

  /** What would take the plan back, the last step first; after an attempt that failed, what is left of it. */
  get reversal(): ReturnType<typeof reversalOf> {
    return ['completed', 'failed'].includes(this.status) ? reversalOf(this.steps) : [];
  }

  /** @throws Refusal `conflict` when there is nothing to take back, or a step that takes it back is unknown */
  rollBack(isExecutable: Executable): void {
    const { reversal } = this;
    if (reversal.length === 0)
      throw this.conflict('rolled back: it has no step left that was done and can be reversed');
    if (this.isBeingRolledBack && currentOf(this.steps)?.status === 'unknown')
      throw new Refusal(
        'conflict',
        'Nobody knows what came of the last step: send it again, or complete it.',
      );
    this.steps.push(...stepsOf(reversal, isExecutable, this.steps.length));
    this.status = 'executing';
  }

  get isBeingRolledBack(): boolean {
    return areTakenBack(this.steps);
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

  private get current(): Step | undefined {
    return this.status === 'executing' ? currentOf(this.steps) : undefined;
  }

  private settle(step: Step, outcome: StepOutcome, now: Date): Ending | undefined {
    settle(step, outcome, now);
    const verdict = conclude(this.steps);
    return verdict && this.end(verdict, now);
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

  private goOn(): void {
    this.status = 'executing';
    resume(this.steps);
  }
}
