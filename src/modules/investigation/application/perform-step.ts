import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { AgentTurn } from '../domain/agents/agent.js';
import { MODEL_REVIEW, type Reviewed } from '../domain/review/review.js';
import type { Run, Step } from '../domain/run.js';
import type { RemoteDesk } from './desks.js';
import { ModelCalls } from './model-calls.js';
import { ReviewWithModel } from './review-with-model.js';

/** What came of a step. */
export interface PerformedStep extends AgentTurn, Reviewed {
  readonly stepIndex: number;
  readonly durationMs: number;
}

/** One step of a run: an agent at the desk, or the configured model. */
@Injectable()
export class PerformStep {
  constructor(
    private readonly reviewWithModel: ReviewWithModel,
    private readonly modelCalls: ModelCalls,
    private readonly clock: Clock,
  ) {}

  async execute(
    desk: RemoteDesk,
    run: Run,
    { stepIndex, agentName }: Step,
    signal: AbortSignal,
  ): Promise<PerformedStep> {
    if (agentName !== MODEL_REVIEW) return { stepIndex, ...(await desk.run(agentName)), lacking: [] };
    const begun = this.clock.now().getTime();
    const reviewed = await this.reviewWithModel.execute(desk, this.modelCalls.bookOf(run), signal);
    return { stepIndex, ...reviewed, durationMs: this.clock.now().getTime() - begun };
  }
}
