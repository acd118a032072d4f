import { Injectable, Logger } from '@nestjs/common';
import { Metrics } from '#kernel/metrics/metrics';
import type { AgentReport } from '../domain/agents/agent.js';
import { AGENTS } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import type { PerformedStep } from './perform-step.js';

/** Puts on file what came of the steps of a run, each once, and counts the agents that broke down. */
@Injectable()
export class KeepStep {
  private readonly log = new Logger(KeepStep.name);
  private readonly failed;

  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    metrics: Metrics,
  ) {
    const counterOf = (agent: string) =>
      metrics.counter('causeflow_agent_failures', 'Steps in which an agent broke down', { agent });
    this.failed = new Map(AGENTS.map(({ name }) => [name, counterOf(name)]));
  }

  async execute({ tenantId, investigationId }: Run, performed: PerformedStep): Promise<AgentReport> {
    const { stepIndex, report, durationMs, lacking, failure } = performed;
    const isKept = await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.finishStep(stepIndex, report, durationMs)) return false;
      run.unreadSources = [...run.unreadSources, ...lacking];
      await this.caseFile.addFindings(tenantId, investigationId, stepIndex, report.findings);
      return true;
    });
    if (isKept && failure !== undefined) {
      this.log.error(`${report.agentName} broke down in ${investigationId}`, failure);
      this.failed.get(report.agentName)?.add();
    }
    return report;
  }

  /** What the agents before a crash had found. */
  async before({ tenantId, investigationId, steps }: Run): Promise<AgentReport[]> {
    const found = await this.caseFile.findings(tenantId, [investigationId]);
    return steps.flatMap(({ stepIndex, agentName, report }) => {
      if (!report) return [];
      const findings = found.filter((each) => each.stepIndex === stepIndex).map(({ finding }) => finding);
      return [{ ...report, agentName, findings }];
    });
  }
}
