import { Injectable } from '@nestjs/common';
import { RunRecords } from '../../domain/run-records.js';
import { compareReviews, type Opinion, type ReviewComparison } from '../../domain/outcome/compare-reviews.js';
import type { ModelUsage } from '../../domain/review/model-budget.js';
import { MODEL_REVIEW } from '../../domain/review/review.js';
import type { Run } from '../../domain/run.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import { InMemoryCallLedger, ModelCalls } from '../review/model-calls.js';
import { ReviewWithModel } from '../review/review-with-model.js';

export interface ReplayedReview extends ReviewComparison {
  readonly recorded: Opinion;
  readonly replayed: Opinion;
  /** A summary of the replayed review, in a few sentences. */
  readonly message: string;
  readonly spent: ModelUsage;
}

/** Repeats the model review on the case in the analyser, within the budget of a run. Stores nothing. */
@Injectable()
export class ReplayReview {
  constructor(
    private readonly records: RunRecords,
    private readonly modelCalls: ModelCalls,
    private readonly reviewWithModel: ReviewWithModel,
  ) {}

  async execute(
    analyser: RemoteAnalyser,
    run: Run,
    model: string,
    signal: AbortSignal,
  ): Promise<ReplayedReview> {
    const recorded = await this.recorded(run);
    const ledger = new InMemoryCallLedger();
    const { report } = await this.reviewWithModel.execute(analyser, ledger, signal, model);
    const replayed = {
      model,
      explanation: report.findings.map(({ statement }) => statement),
      hypotheses: report.hypotheses.map(({ statement }) => statement),
    };
    const { message } = report;
    return {
      recorded,
      replayed,
      ...compareReviews(recorded, replayed),
      message,
      spent: await ledger.spent(),
    };
  }

  private async recorded({ tenantId, investigationId, steps }: Run): Promise<Opinion> {
    const step = steps.find(({ agentName }) => agentName === MODEL_REVIEW);
    const calls = await this.modelCalls.of(tenantId, investigationId);
    const found = await this.records.findings(tenantId, [investigationId]);
    const hypotheses = await this.records.hypotheses(tenantId, [investigationId]);
    return {
      model: calls.at(-1)?.model ?? null,
      explanation: found
        .filter(({ stepIndex }) => stepIndex === step?.stepIndex)
        .map(({ finding }) => finding.statement),
      hypotheses: hypotheses
        .filter(({ proposedBy }) => proposedBy === 'model')
        .map(({ statement }) => statement),
    };
  }
}
