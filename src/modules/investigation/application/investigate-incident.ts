import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import type { AgentReport, InvestigationContext } from '../domain/agents/agent.js';
import { knownSolution } from '../domain/agents/known-solution.js';
import { AGENTS } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/case-file.js';
import { EvidenceSet } from '../domain/evidence-set.js';
import { estimateOnset } from '../domain/onset.js';
import type { Memory, Run, Step } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { EndRun } from './end-run.js';
import { GatherEvidence } from './gather-evidence.js';
import { OpenCase } from './open-case.js';

const MOST_ATTEMPTS = 5;
const NOTHING = new EvidenceSet([]);

export interface InvestigateIncidentPayload {
  readonly investigationId: string;
  /** Set on the job that waits for the end of the time in which a person may decide on a known solution. */
  readonly timeIsUp?: true;
}

/**
 * The durable pipeline: one agent after the other, each step committed before it begins and after it ends. Whoever runs
 * the job again, after a crash or an error, goes on at the step that was cut off.
 */
@Injectable()
@JobHandler('investigate-incident')
export class InvestigateIncident implements JobRunner<InvestigateIncidentPayload> {
  private readonly log = new Logger(InvestigateIncident.name);

  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly openCase: OpenCase,
    private readonly gatherEvidence: GatherEvidence,
    private readonly endRun: EndRun,
    private readonly clock: Clock,
  ) {}

  async run({ tenantId, payload, attempt, signal }: Job<InvestigateIncidentPayload>): Promise<void> {
    const { investigationId, timeIsUp } = payload;
    // A run that took its process down again and again must not do so for ever.
    if (attempt > MOST_ATTEMPTS) {
      await this.endRun.fail(tenantId, investigationId, 'It was interrupted too often.');
      return;
    }
    try {
      const begun = await this.runs.change(tenantId, investigationId, (run) => {
        if (timeIsUp) run.stopWaiting();
        return run;
      });
      if (begun.isWaiting) return;
      await this.pursue(begun, signal);
    } catch (error) {
      if (attempt < MOST_ATTEMPTS || signal.aborted) throw error;
      this.log.error(error, `${investigationId} failed for good`);
      await this.endRun.fail(tenantId, investigationId, 'An agent failed again and again.');
    }
  }

  private async pursue({ tenantId, investigationId }: Run, signal: AbortSignal): Promise<void> {
    let evidence: EvidenceSet | undefined;
    for (;;) {
      signal.throwIfAborted();
      let step: Step | undefined;
      const run = await this.runs.change(tenantId, investigationId, (run) => {
        if (run.status === 'running') step = run.beginNextStep(this.clock.now());
        return run;
      });
      if (run.status !== 'running') return;
      const opened = run.memory ? run : await this.openCase.execute(run);
      if (!opened?.memory) return;
      const { memory } = opened;

      // Memory is asked first. The rest is read when a known solution has not yet settled the matter.
      if (step?.agentName !== knownSolution.name) evidence ??= await this.read(opened, memory);
      const context = contextOf(opened, memory, await this.reports(opened));
      if (!step) {
        await this.endRun.conclude(opened, context, evidence ?? NOTHING);
        return;
      }
      const report = agentOf(step).run(evidence ?? NOTHING, context);
      await this.store(opened, step, report);
    }
  }

  private async read(run: Run, memory: Memory): Promise<EvidenceSet> {
    const { tenantId, investigationId } = run;
    if (run.onset) return this.gatherEvidence.again(tenantId, investigationId, memory.incident);
    const { evidence, records, onset } = await this.gatherEvidence.execute(tenantId, memory.incident);
    await this.runs.change(tenantId, investigationId, async (current) => {
      if (current.status !== 'running') return;
      current.date(onset);
      await this.caseFile.addEvidence(tenantId, investigationId, records);
    });
    run.date(onset);
    return evidence;
  }

  private async store({ tenantId, investigationId }: Run, step: Step, report: AgentReport): Promise<void> {
    await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.finishStep(step.stepIndex, report, this.clock.now())) return;
      await this.caseFile.addFindings(tenantId, investigationId, step.stepIndex, report.findings);
    });
  }

  private async reports({ tenantId, investigationId, steps }: Run): Promise<AgentReport[]> {
    const found = await this.caseFile.findings(tenantId, [investigationId]);
    return steps.flatMap(({ stepIndex, agentName, report }) => {
      if (!report) return [];
      const findings = found.filter((each) => each.stepIndex === stepIndex).map(({ finding }) => finding);
      return [{ ...report, agentName, findings }];
    });
  }
}

function agentOf({ agentName }: Step) {
  const agent = AGENTS.find(({ name }) => name === agentName);
  if (!agent) throw new Error(`There is no agent ${agentName} any more`);
  return agent;
}

function contextOf(run: Run, memory: Memory, reports: readonly AgentReport[]): InvestigationContext {
  return {
    ...memory,
    knownSolution: run.knownSolution,
    topology: [],
    onset: run.onset ?? estimateOnset(NOTHING, memory.incident),
    reports,
  };
}
