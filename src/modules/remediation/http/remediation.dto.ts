import {
  AnyJson,
  AnyObject,
  Field,
  Flag,
  IdOf,
  ListOf,
  Moment,
  OneOf,
  Text,
  Texts,
  Whole,
} from '#kernel/http/fields';
import { RISKS, type Risk } from '../domain/actions/action.js';
import { FEEDBACK_OUTCOMES } from '../domain/feedback.js';
import { REMEDIATION_STATUSES, type RemediationStatus } from '../domain/proposal.js';
import { STEP_STATUSES, type StepStatus } from '../domain/step.js';

const USER = 'user_01HX9VTPQR3KF8MZWBYD5N6JCE';
const DIGEST = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08';

export class StepView {
  @IdOf('stp') stepId!: string;
  @Whole({ min: 1, summary: 'Its number in the plan, from 1' }) index!: number;
  @Text({ max: 100, example: 'rollback_deployment' }) action!: string;
  @Text({ max: 20_000, example: 'Roll back checkout in production from 2.4.1 to 2.4.0' })
  description!: string;
  @AnyObject({ example: { service: 'checkout', version: '2.4.1', toVersion: '2.4.0' } })
  params!: Readonly<Record<string, unknown>>;
  @OneOf(RISKS) risk!: Risk;
  @Flag({ summary: 'Whether a rollback of the plan can reverse it' }) reversible!: boolean;
  @Flag({ summary: 'A person executes it, because no connected runner supports the action' })
  manual!: boolean;
  @OneOf(STEP_STATUSES, {
    summary: 'unknown: it was sent, but no response was recorded; it is not sent again automatically',
  })
  status!: StepStatus;
  @AnyJson({
    nullable: true,
    example: { deployed: '2.4.0' },
    summary:
      'The result of the runner or the person; `{dryRun: true, …}` after a dry run, until the plan is executed',
  })
  output!: unknown;
  @Whole({ summary: 'Number of attempts' }) attempt!: number;
  @Moment({ nullable: true }) startedAt!: string | null;
  @Whole({ nullable: true }) durationMs!: number | null;
}

export class RemediationView {
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @IdOf('inv') investigationId!: string;
  @Text({ max: 500, example: 'Roll back checkout in production from 2.4.1 to 2.4.0' }) title!: string;
  @OneOf(REMEDIATION_STATUSES) status!: RemediationStatus;
  @Flag() requiresApproval!: boolean;
  @IdOf('apr', { summary: 'The latest approval request' }) approvalId!: string;
  @Text({ max: 64, summary: 'SHA-256 of the exact plan, to which an approval is bound', example: DIGEST })
  planDigest!: string;
  @ListOf(() => StepView, { summary: 'In order; after a rollback including its steps' })
  steps!: StepView[];
  @Moment() createdAt!: string;
  @Texts({ summary: 'The admins who have approved it', example: [USER] }) approvedBy!: string[];
  @Moment({ nullable: true, summary: 'When its execution ended' }) executedAt!: string | null;
  @Whole({ nullable: true }) durationMs!: number | null;
}

export class RemediationPage {
  @ListOf(() => RemediationView, { summary: 'Newest first' }) items!: readonly RemediationView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}

export class ApproveBody {
  @Text({ max: 2000, optional: true, nullable: true, example: 'Checked with the owners of checkout.' })
  notes?: string | null;
}

export class RejectBody {
  @Text({ max: 2000, optional: true, nullable: true, example: 'Wrong service' }) reason?: string | null;
}

export class ExecuteBody {
  @Flag({
    optional: true,
    default: false,
    summary: 'Ask the runners what they would do; change and publish nothing',
  })
  dryRun?: boolean;
}

export class CompleteStepBody {
  @OneOf(['succeeded', 'failed']) status!: 'succeeded' | 'failed';
  @AnyJson({
    optional: true,
    nullable: true,
    summary: 'Any JSON up to 64 KiB',
    example: { restarted: 3 },
  })
  output?: unknown;
}

export class RemediationFeedbackBody {
  @OneOf(FEEDBACK_OUTCOMES) outcome!: (typeof FEEDBACK_OUTCOMES)[number];
  @Whole({ min: 1, max: 5 }) rating!: number;
  @Text({ max: 5000, optional: true, nullable: true }) comment?: string | null;
}

export class RemediationFeedbackView {
  @IdOf('rem') remediationId!: string;
  @IdOf('user') userId!: string;
  @OneOf(FEEDBACK_OUTCOMES) outcome!: (typeof FEEDBACK_OUTCOMES)[number];
  @Whole({ min: 1, max: 5 }) rating!: number;
  @Text({ max: 5000, nullable: true }) comment!: string | null;
  @Moment() createdAt!: string;
}

export class PendingApprovalView {
  @IdOf('apr') approvalId!: string;
  @IdOf('rem') remediationId!: string;
  @IdOf('inc') incidentId!: string;
  @Text({ max: 500, example: 'Roll back checkout in production from 2.4.1 to 2.4.0' }) title!: string;
  @Field({ type: 'string', summary: 'SHA-256 of the exact plan', example: DIGEST }) planDigest!: string;
  @ListOf(() => StepView) steps!: StepView[];
  @Whole({ min: 1, summary: 'How many different admins must approve' }) required!: number;
  @Texts({ summary: 'The admins who have approved it so far', example: [USER] }) approvedBy!: string[];
  @Moment() expiresAt!: string;
}

export class PendingApprovalPage {
  @ListOf(() => PendingApprovalView, { summary: 'Oldest first' }) items!: readonly PendingApprovalView[];
  @Text({ max: 2048, nullable: true }) nextCursor!: string | null;
}

export class RespondBody {
  @OneOf(['approve', 'reject']) decision!: 'approve' | 'reject';
  @Text({
    max: 2000,
    optional: true,
    nullable: true,
    summary: 'Stored with an approval; the reason of a rejection',
  })
  notes?: string | null;
}
