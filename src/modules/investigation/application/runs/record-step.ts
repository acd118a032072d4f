import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '#kernel/metrics/metrics';
import type { AgentReport } from '../../domain/agents/agent.js';
import { AGENTS } from '../../domain/agents/registry.js';
import { RunRecords } from '../../domain/run-records.js';
import type { Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import type { PerformedStep } from './perform-step.js';

/** Stores the result of each step exactly once, and counts agents that failed. */
@Injectable()
export class RecordStep {
  private readonly log = new Logger(RecordStep.name);
  private readonly failed;

  constructor(
    private readonly runs: Runs,
    private readonly records: RunRecords,
    metrics: Metrics,
  ) {
    const counterOf = (agent: string) =>
      metrics.counter('causeflow_agent_failures', 'Steps in which an agent broke down', { agent });
    this.failed = new Map(AGENTS.map(({ name }) => [name, counterOf(name)]));
  }

  async execute({ tenantId, investigationId }: Run, performed: PerformedStep): Promise<AgentReport> {
    const { stepIndex, report, durationMs, missing, failure } = performed;
    const isStored = await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.finishStep(stepIndex, report, durationMs)) return false;
      run.unreadSources = [...run.unreadSources, ...missing];
      await this.records.addFindings(tenantId, investigationId, stepIndex, report.findings);
      return true;
    });
    if (isStored && failure !== undefined) {
      this.log.error(`${report.agentName} broke down in ${investigationId}`, failure);
      this.failed.get(report.agentName)?.add();
    }
    return report;
  }

  /** The stored reports of the steps that ended before a crash. */
  async storedReports({ tenantId, investigationId, steps }: Run): Promise<AgentReport[]> {
    const found = await this.records.findings(tenantId, [investigationId]);
    return steps.flatMap(({ stepIndex, agentName, report }) => {
      if (!report) return [];
      const findings = found.filter((each) => each.stepIndex === stepIndex).map(({ finding }) => finding);
      return [{ ...report, agentName, findings }];
    });
  }
}
