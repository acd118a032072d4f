import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { newId, type TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { AgentReport } from '../../domain/agents/agent.js';
import { RunRecords } from '../../domain/run-records.js';
import type { DecidedOutcome } from '../../domain/case-analysis.js';
import { MODEL_REVIEW } from '../../domain/review/review.js';
import type { Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';

/** Ends runs. In the same transaction the incident changes its status and the next queued run is admitted. */
@Injectable()
export class EndRun {
  constructor(
    private readonly runs: Runs,
    private readonly records: RunRecords,
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
  ) {}

  /** The regular end, after all steps. */
  async conclude(
    { tenantId, investigationId }: Run,
    { inputs, outcome }: DecidedOutcome,
    reports: readonly AgentReport[],
  ): Promise<void> {
    const { rootCause, confidence, recommendedActions } = outcome;
    await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.conclude(outcome, inputs, this.clock.now())) return;
      // Hypotheses of a model are shown beside those of the agents and had no influence on the outcome.
      const proposed = reports.find(({ agentName }) => agentName === MODEL_REVIEW)?.hypotheses ?? [];
      await this.records.addHypotheses(tenantId, investigationId, [
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
