import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { invalid } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { AGENTS } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/evidence/case-file.js';
import { compareDecisions, type Comparison, type Decision } from '../domain/outcome/compare-decisions.js';
import { type Outcome, OUTCOME_POLICY } from '../domain/outcome/decide-outcome.js';
import { neverDecided } from '../domain/errors.js';
import { OUTCOME_POLICIES } from '../domain/outcome/outcome-policies.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { DeskForCaller } from './desk-for-caller.js';
import { findRun } from './find-run.js';
import { type ReplayedReview, ReplayReview } from './replay-review.js';
import { RereadEvidence } from './reread-evidence.js';

export interface Replay extends Comparison {
  readonly investigationId: string;
  readonly incidentId: string;
  readonly recorded: Decision;
  readonly replayed: Decision;
  /** Evidence that is no longer there as the run read it, by id: then the two cannot be compared fairly. */
  readonly alteredEvidence: readonly string[];
  /** Null unless a model was asked for. */
  readonly review: ReplayedReview | null;
}

/** What is thought again. */
interface Thought {
  readonly outcome: Outcome;
  readonly alteredEvidence: readonly string[];
  readonly review: ReplayedReview | null;
}

const MOST_SECONDS = 60;
const MOST_SECONDS_WITH_MODEL = 300;

interface Wanted {
  readonly investigationId?: string | undefined;
  readonly policy?: string | undefined;
  /** A configured model that is to review what was found. */
  readonly model?: string | undefined;
  /** `inputs` makes only the decision again, from what the agents had found then. */
  readonly from: 'evidence' | 'inputs';
}

/** What today's agents, a policy and a model make of what a run read then. Stores and tells nothing. */
@Injectable()
export class ReplayInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly rereadEvidence: RereadEvidence,
    private readonly replayReview: ReplayReview,
    private readonly desks: DeskForCaller,
    @Inject(Config) private readonly config: Config,
  ) {}

  /**
   * @throws Refusal `not_found`, `validation_error` for a policy or a model that nobody knows, or `conflict` when the
   *   run came to no decision
   */
  async execute(tenantId: TenantId, incidentId: string, wanted: Wanted): Promise<Replay> {
    const { policy = OUTCOME_POLICY, model, from } = wanted;
    const decide = OUTCOME_POLICIES.get(policy);
    if (!decide) throw invalid('policy', `must be one of ${[...OUTCOME_POLICIES.keys()].join(', ')}`);
    if (model !== undefined) this.check(model, from);
    const run = await findRun(this.runs, tenantId, incidentId, wanted.investigationId);
    const recorded = await this.recorded(run);
    if (!recorded || !run.outcomeInputs) throw neverDecided();
    const thought =
      from === 'inputs'
        ? { outcome: decide(run.outcomeInputs), alteredEvidence: [], review: null }
        : await this.think(run, policy, model);
    const { outcome, ...besides } = thought;
    // What could not be asked then is not asked now either.
    const missingEvidence = [...outcome.missingEvidence, ...run.unreadSources];
    const replayed = { ...outcome, missingEvidence, policy: outcome.version };
    const { investigationId } = run;
    return {
      investigationId,
      incidentId,
      recorded,
      replayed,
      ...compareDecisions(recorded, replayed),
      ...besides,
    };
  }

  private check(model: string, from: Wanted['from']): void {
    const { llm } = this.config;
    if (!llm) throw invalid('model', 'cannot be named: no model is configured');
    const known = [llm.model, ...llm.replayModels];
    if (!known.includes(model)) throw invalid('model', `must be one of ${known.join(', ')}`);
    if (from === 'inputs') throw invalid('from', 'must be evidence when a model is named');
  }

  private async think(run: Run, policy: string, model: string | undefined): Promise<Thought> {
    const { memory, onset, knownSolution } = run;
    if (!memory || !onset) throw neverDecided();
    const seconds = model === undefined ? MOST_SECONDS : MOST_SECONDS_WITH_MODEL;
    return this.desks.use(seconds, async (desk, signal) => {
      await desk.open({ ...memory, knownSolution });
      const alteredEvidence = await this.rereadEvidence.execute(desk, run);
      await desk.begin(onset);
      for (const { name } of AGENTS) await desk.run(name);
      const { outcome } = await desk.decide(policy);
      const review = model === undefined ? null : await this.replayReview.execute(desk, run, model, signal);
      return { outcome, alteredEvidence, review };
    });
  }

  private async recorded(run: Run): Promise<Decision | undefined> {
    const { outcome, confidence, rootCause, recommendedActions, missingEvidence, outcomePolicy } = run;
    if (outcome === null || confidence === null || outcomePolicy === null) return undefined;
    const hypotheses = await this.caseFile.hypotheses(run.tenantId, [run.investigationId]);
    const said = { outcome, confidence, rootCause, recommendedActions, missingEvidence };
    const weighed = hypotheses.filter(({ proposedBy }) => proposedBy === 'agents');
    return { policy: outcomePolicy, ...said, hypotheses: weighed };
  }
}
