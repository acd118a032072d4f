import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { AGENTS } from '../../domain/agents/registry.js';
import { RunRecords } from '../../domain/run-records.js';
import { compareDecisions, type Comparison, type Decision } from '../../domain/outcome/compare-decisions.js';
import { type Outcome, OUTCOME_POLICY } from '../../domain/outcome/decide-outcome.js';
import { neverDecided } from '../../domain/errors.js';
import { OUTCOME_POLICIES } from '../../domain/outcome/outcome-policies.js';
import type { Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import { AnalyserForRequests } from '../analysis/analyser-for-requests.js';
import { findRun } from '../runs/find-run.js';
import { type ReplayedReview, ReplayReview } from './replay-review.js';
import { RereadEvidence } from '../evidence/reread-evidence.js';

export interface Replay extends Comparison {
  readonly investigationId: string;
  readonly incidentId: string;
  readonly recorded: Decision;
  readonly replayed: Decision;
  /** Ids of evidence that was deleted or changed since the run read it, which makes the comparison unfair. */
  readonly alteredEvidence: readonly string[];
  /** Null unless a model was requested. */
  readonly review: ReplayedReview | null;
}

/** The result of running the agents again. */
interface Recomputed {
  readonly outcome: Outcome;
  readonly alteredEvidence: readonly string[];
  readonly review: ReplayedReview | null;
}

const TIMEOUT_SECONDS = 60;
const TIMEOUT_SECONDS_WITH_MODEL = 300;

interface ReplayOptions {
  readonly investigationId?: string | undefined;
  readonly policy?: string | undefined;
  /** A configured model that reviews the replay. */
  readonly model?: string | undefined;
  /** `evidence` runs the agents again; `inputs` only repeats the decision, from the stored findings. */
  readonly from: 'evidence' | 'inputs';
}

/** Repeats a run on its stored evidence with the current agents, and compares. Stores nothing, publishes nothing. */
@Injectable()
export class ReplayInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly records: RunRecords,
    private readonly rereadEvidence: RereadEvidence,
    private readonly replayReview: ReplayReview,
    private readonly analysers: AnalyserForRequests,
    @Inject(Config) private readonly config: Config,
  ) {}

  /**
   * @throws Refusal `not_found`, `validation_error` for an unknown policy or model, or `conflict` when the run ended
   *   without a decision
   */
  async execute(tenantId: TenantId, incidentId: string, options: ReplayOptions): Promise<Replay> {
    const { policy = OUTCOME_POLICY, model, from } = options;
    const decide = OUTCOME_POLICIES.get(policy);
    if (!decide) throw invalid('policy', `must be one of ${[...OUTCOME_POLICIES.keys()].join(', ')}`);
    if (model !== undefined) this.validateModel(model, from);
    const run = await findRun(this.runs, tenantId, incidentId, options.investigationId);
    const recorded = await this.recorded(run);
    if (!recorded || !run.outcomeInputs) throw neverDecided();
    const { outcome, alteredEvidence, review } =
      from === 'inputs'
        ? { outcome: decide(run.outcomeInputs), alteredEvidence: [], review: null }
        : await this.recompute(run, policy, model);
    // A replay does not query sources, so what they did not return to the run is missing here too.
    const missingEvidence = [...outcome.missingEvidence, ...run.unreadSources];
    const replayed = { ...outcome, missingEvidence, policy: outcome.version };
    const { investigationId } = run;
    return {
      investigationId,
      incidentId,
      recorded,
      replayed,
      ...compareDecisions(recorded, replayed),
      alteredEvidence,
      review,
    };
  }

  private validateModel(model: string, from: ReplayOptions['from']): void {
    const { llm } = this.config;
    if (!llm) throw invalid('model', 'cannot be named: no model is configured');
    const known = [llm.model, ...llm.replayModels];
    if (!known.includes(model)) throw invalid('model', `must be one of ${known.join(', ')}`);
    if (from === 'inputs') throw invalid('from', 'must be evidence when a model is named');
  }

  private async recompute(run: Run, policy: string, model: string | undefined): Promise<Recomputed> {
    const { memory, onset, knownSolution } = run;
    if (!memory || !onset) throw neverDecided();
    const seconds = model === undefined ? TIMEOUT_SECONDS : TIMEOUT_SECONDS_WITH_MODEL;
    return this.analysers.use(run.tenantId, seconds, async (analyser, signal) => {
      await analyser.open({ ...memory, knownSolution });
      const alteredEvidence = await this.rereadEvidence.execute(analyser, run);
      await analyser.begin(onset);
      for (const { name } of AGENTS) await analyser.run(name);
      const { outcome } = await analyser.decide(policy);
      const review =
        model === undefined ? null : await this.replayReview.execute(analyser, run, model, signal);
      return { outcome, alteredEvidence, review };
    });
  }

  private async recorded(run: Run): Promise<Decision | undefined> {
    const { outcome, confidence, rootCause, recommendedActions, missingEvidence, outcomePolicy } = run;
    if (outcome === null || confidence === null || outcomePolicy === null) return undefined;
    const hypotheses = await this.records.hypotheses(run.tenantId, [run.investigationId]);
    return {
      policy: outcomePolicy,
      outcome,
      confidence,
      rootCause,
      recommendedActions,
      missingEvidence,
      hypotheses: hypotheses.filter(({ proposedBy }) => proposedBy === 'agents'),
    };
  }
}
