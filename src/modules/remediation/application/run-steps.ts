import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs, type JobRequest } from '#kernel/jobs/jobs';
import { type StepAnswer, type StepOrder, StepRunners } from '#modules/integrations/api';
import type { Remediation } from '../domain/remediation.js';
import { AdvancePlan } from './advance-plan.js';

const NAME = 'execute-remediation';
/** How often a step is sent that certainly did not arrive. */
const MAX_TRIES = 5;
/** The plan makes no progress in between, and people can do nothing about it. */
const MAX_DELAY_SECONDS = 900;

interface Execution {
  readonly remediationId: string;
  /** How often the current step was sent without arriving. */
  readonly tries: number;
}

/** The job that executes the next steps of a plan. The jobs of one plan share a queue, so no two of them run at once. */
export function executionOf(
  { remediationId }: { readonly remediationId: string },
  { tries = 0, runAt }: { readonly tries?: number; readonly runAt?: Date } = {},
): JobRequest {
  return {
    name: NAME,
    payload: { remediationId, tries } satisfies Execution,
    queue: `${NAME}:${remediationId}`,
    ...(runAt && { runAt }),
  };
}

interface Dispatch {
  readonly integrationId: string;
  readonly order: StepOrder;
}

/**
 * Sends the steps of a plan to their runners, one after the other, until one fails, a person has to act, or all are done.
 * The intent is committed before a step is sent, and the outcome afterwards. An intent without an outcome makes the step
 * `unknown` and leaves it to a person, so no step is ever repeated automatically, whenever the process dies.
 */
@Injectable()
@JobHandler(NAME)
export class RunSteps implements JobRunner<Execution> {
  constructor(
    private readonly advancePlan: AdvancePlan,
    private readonly runners: StepRunners,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  async run({ tenantId, payload, signal }: Job<Execution>): Promise<void> {
    const { remediationId } = payload;
    let { tries } = payload;
    let plan = await this.advancePlan.execute(tenantId, remediationId, (found) =>
      found.reportInterruption(this.clock.now()),
    );
    while (plan.nextForRunner) {
      signal.throwIfAborted();
      const dispatch = await this.begin(tenantId, remediationId);
      if (!dispatch) return;
      const answer = await this.runners.run(tenantId, dispatch.integrationId, dispatch.order);
      tries += 1;
      plan = await this.record(tenantId, dispatch.order, answer, tries);
      if (answer.status === 'not_sent') return;
      tries = 0;
    }
  }

  private async begin(tenantId: TenantId, remediationId: string): Promise<Dispatch | undefined> {
    let dispatch: Dispatch | undefined;
    await this.advancePlan.execute(tenantId, remediationId, async (plan) => {
      const next = plan.nextForRunner;
      if (!next) return undefined;
      const { action } = next;
      const runner = await this.runners.runnerOf(tenantId, action);
      if (!runner) return plan.failUnsent(`No connected runner lists ${action} any more.`, this.clock.now());
      const { stepId, params, attempt } = plan.beginStep(this.clock.now());
      const { incidentId } = plan;
      const order = { remediationId, incidentId, stepId, action, params, dryRun: false, attempt };
      dispatch = { integrationId: runner.integrationId, order };
      return undefined;
    });
    return dispatch;
  }

  private async record(
    tenantId: TenantId,
    order: StepOrder,
    answer: StepAnswer,
    tries: number,
  ): Promise<Remediation> {
    const { remediationId, stepId, attempt } = order;
    return this.advancePlan.execute(tenantId, remediationId, async (plan) => {
      const now = this.clock.now();
      if (answer.status !== 'not_sent') return plan.recordOutcome(stepId, attempt, answer, now);
      if (tries >= MAX_TRIES) {
        const { reason } = answer;
        return plan.recordOutcome(stepId, attempt, { status: 'given_up', reason }, now);
      }
      const runAt = new Date(now.getTime() + retryDelaySeconds(tries, answer.retryAfterSeconds) * 1000);
      await this.jobs.enqueue(tenantId, executionOf(plan, { tries, runAt }));
      const reason = `${answer.reason} Next attempt at ${runAt.toISOString()}.`;
      return plan.recordOutcome(stepId, attempt, { status: 'not_sent', reason }, now);
    });
  }
}

/** 1, 4, 16, 64 s, or the runner's Retry-After, up to the maximum. */
function retryDelaySeconds(tries: number, retryAfter: number | null): number {
  return Math.min(retryAfter ?? 4 ** (tries - 1), MAX_DELAY_SECONDS);
}
