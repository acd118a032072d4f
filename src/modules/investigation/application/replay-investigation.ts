import { Injectable } from '@nestjs/common';
import { invalid, notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { AGENTS } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/case-file.js';
import { compareDecisions, type Comparison, type Decision } from '../domain/compare-decisions.js';
import { type Outcome, OUTCOME_POLICY } from '../domain/decide-outcome.js';
import { neverDecided } from '../domain/errors.js';
import { OUTCOME_POLICIES } from '../domain/outcome-policies.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { DeskForCaller } from './desk-for-caller.js';
import { RereadEvidence } from './reread-evidence.js';

export interface Replay extends Comparison {
  readonly investigationId: string;
  readonly incidentId: string;
  readonly recorded: Decision;
  readonly replayed: Decision;
  /** Evidence that is no longer there as the run read it, by id: then the two cannot be compared fairly. */
  readonly alteredEvidence: readonly string[];
}

const MOST_SECONDS = 60;

interface Wanted {
  readonly investigationId?: string | undefined;
  readonly policy?: string | undefined;
  /** `inputs` makes only the decision again, from what the agents had found then. */
  readonly from: 'evidence' | 'inputs';
}

/** What today's agents and a policy make of what a run read then. Stores, tells and asks nothing. */
@Injectable()
export class ReplayInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly rereadEvidence: RereadEvidence,
    private readonly desks: DeskForCaller,
  ) {}

  /**
   * @throws Refusal `not_found`, `validation_error` for a policy that nobody knows, or `conflict` when the run came to
   *   no decision
   */
  async execute(tenantId: TenantId, incidentId: string, wanted: Wanted): Promise<Replay> {
    const { policy = OUTCOME_POLICY } = wanted;
    const decide = OUTCOME_POLICIES.get(policy);
    if (!decide) throw invalid('policy', `must be one of ${[...OUTCOME_POLICIES.keys()].join(', ')}`);
    const run = await this.find(tenantId, incidentId, wanted.investigationId);
    const { memory, onset, outcomeInputs, investigationId } = run;
    const recorded = await this.recorded(run);
    if (!recorded || !memory || !onset || !outcomeInputs) throw neverDecided();
    let [outcome, altered]: [Outcome, readonly string[]] = [decide(outcomeInputs), []];
    if (wanted.from === 'evidence') {
      [outcome, altered] = await this.desks.use(MOST_SECONDS, async (desk) => {
        await desk.open({ ...memory, knownSolution: run.knownSolution });
        const altered = await this.rereadEvidence.execute(desk, run);
        await desk.begin(onset);
        for (const { name } of AGENTS) await desk.run(name);
        return [(await desk.decide(policy)).outcome, altered];
      });
    }
    // What could not be asked then is not asked now either.
    const missingEvidence = [...outcome.missingEvidence, ...run.unreadSources];
    const replayed = { ...outcome, missingEvidence, policy: outcome.version };
    const comparison = compareDecisions(recorded, replayed);
    return { investigationId, incidentId, recorded, replayed, ...comparison, alteredEvidence: altered };
  }

  private async find(tenantId: TenantId, incidentId: string, investigationId?: string): Promise<Run> {
    const run = await (investigationId === undefined
      ? this.runs.latest(tenantId, incidentId)
      : this.runs.find(tenantId, investigationId));
    if (run?.incidentId !== incidentId) throw notFound('investigation');
    return run;
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
