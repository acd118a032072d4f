import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { AgentReport } from '../domain/agents/agent.js';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Decided } from '../domain/inquiry.js';
import { MODEL_REVIEW } from '../domain/review/review.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';

/** Ends runs, in one transaction with what it means for the incident, and lets the next one in the line begin. */
@Injectable()
export class EndRun {
  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** By itself, all agents having had their turn. */
  async conclude(
    { tenantId, investigationId }: Run,
    { inputs, outcome }: Decided,
    reports: readonly AgentReport[],
  ): Promise<void> {
    const { rootCause, confidence, recommendedActions } = outcome;
    await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.conclude(outcome, inputs, this.clock.now())) return;
      // What a model proposed is shown beside what was weighed, and was not weighed itself.
      const proposed = reports.find(({ agentName }) => agentName === MODEL_REVIEW)?.hypotheses ?? [];
      await this.caseFile.addHypotheses(tenantId, investigationId, [
        ...outcome.hypotheses.map((each) => ({
          ...each,
          hypothesisId: newId('hyp'),
          proposedBy: 'agents' as const,
        })),
        ...proposed.map((each) => ({ ...each, hypothesisId: newId('hyp'), proposedBy: 'model' as const })),
      ]);
      const ruledOut = outcome.hypotheses.flatMap((each) =>
        each.status === 'ruled_out' ? each.statement : [],
      );
      const conclusion = { rootCause, confidence, recommendedActions, ruledOut };
      await this.incidents.advance(tenantId, run.incidentId, { happened: 'investigation_ended', conclusion });
      await this.jobs.enqueue(tenantId, { name: 'admit-investigations', payload: {} });
    });
  }

  /** @throws Refusal `conflict` when it has ended already */
  async abort(tenantId: TenantId, investigationId: string): Promise<void> {
    await this.runs.change(tenantId, investigationId, async (run) => {
      run.abort(this.clock.now());
      await this.closeWithoutProposal(run);
    });
  }

  async fail(tenantId: TenantId, investigationId: string, reason: string): Promise<void> {
    await this.runs.change(tenantId, investigationId, async (run) => {
      if (run.fail(reason, this.clock.now())) await this.closeWithoutProposal(run);
    });
  }

  private async closeWithoutProposal({ tenantId, incidentId }: Run): Promise<void> {
    await this.incidents.advance(tenantId, incidentId, { happened: 'investigation_closed_without_proposal' });
    await this.jobs.enqueue(tenantId, { name: 'admit-investigations', payload: {} });
  }
}
