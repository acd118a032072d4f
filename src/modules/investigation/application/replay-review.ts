import { Injectable } from '@nestjs/common';
import { CaseFile } from '../domain/evidence/case-file.js';
import { compareReviews, type Opinion, type ReviewComparison } from '../domain/outcome/compare-reviews.js';
import type { Spent } from '../domain/review/model-budget.js';
import { MODEL_REVIEW } from '../domain/review/review.js';
import type { Run } from '../domain/run.js';
import type { RemoteDesk } from './desks.js';
import { FleetingBook, ModelCalls } from './model-calls.js';
import { ReviewWithModel } from './review-with-model.js';

export interface ReplayedReview extends ReviewComparison {
  readonly recorded: Opinion;
  readonly replayed: Opinion;
  /** How the replayed review went, in a few sentences. */
  readonly message: string;
  readonly spent: Spent;
}

/** Lets a model review again what lies on the desk, within the budget of a run, and writes nothing down. */
@Injectable()
export class ReplayReview {
  constructor(
    private readonly caseFile: CaseFile,
    private readonly modelCalls: ModelCalls,
    private readonly reviewWithModel: ReviewWithModel,
  ) {}

  async execute(desk: RemoteDesk, run: Run, model: string, signal: AbortSignal): Promise<ReplayedReview> {
    const recorded = await this.recorded(run);
    const book = new FleetingBook();
    const { report } = await this.reviewWithModel.execute(desk, book, signal, model);
    const replayed = {
      model,
      explanation: report.findings.map(({ statement }) => statement),
      hypotheses: report.hypotheses.map(({ statement }) => statement),
    };
    const { message } = report;
    return { recorded, replayed, ...compareReviews(recorded, replayed), message, spent: await book.spent() };
  }

  private async recorded({ tenantId, investigationId, steps }: Run): Promise<Opinion> {
    const step = steps.find(({ agentName }) => agentName === MODEL_REVIEW);
    const calls = await this.modelCalls.of(tenantId, investigationId);
    const found = await this.caseFile.findings(tenantId, [investigationId]);
    const hypotheses = await this.caseFile.hypotheses(tenantId, [investigationId]);
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
