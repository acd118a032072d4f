import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { AgentTurn } from '../../domain/agents/agent.js';
import { MODEL_REVIEW, type ReviewResult } from '../../domain/review/review.js';
import type { Run, Step } from '../../domain/run.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import { ModelCalls } from '../review/model-calls.js';
import { ReviewWithModel } from '../review/review-with-model.js';

/** The result of a step. */
export interface PerformedStep extends AgentTurn, ReviewResult {
  readonly stepIndex: number;
  readonly durationMs: number;
}

/** Executes one step of a run: an agent in the analyser, or the review by the configured model. */
@Injectable()
export class PerformStep {
  constructor(
    private readonly reviewWithModel: ReviewWithModel,
    private readonly modelCalls: ModelCalls,
    private readonly clock: Clock,
  ) {}

  async execute(
    analyser: RemoteAnalyser,
    run: Run,
    { stepIndex, agentName }: Step,
    signal: AbortSignal,
  ): Promise<PerformedStep> {
    if (agentName !== MODEL_REVIEW) return { stepIndex, ...(await analyser.run(agentName)), missing: [] };
    const startedAt = this.clock.now().getTime();
    const reviewed = await this.reviewWithModel.execute(analyser, this.modelCalls.ledgerFor(run), signal);
    return { stepIndex, ...reviewed, durationMs: this.clock.now().getTime() - startedAt };
  }
}
