import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import type { Agent, AgentReport } from '../domain/agents/agent.js';
import { knownSolution } from '../domain/agents/known-solution.js';
import { AGENTS } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/case-file.js';
import { EvidenceSet } from '../domain/evidence-set.js';
import { estimateOnset } from '../domain/onset.js';
import type { Memory, Run, Step } from '../domain/run.js';
import { MODEL_REVIEW } from '../domain/review/review.js';
import { Runs } from '../domain/runs.js';
import { EndRun } from './end-run.js';
import { type Gathered, GatherEvidence } from './gather-evidence.js';
import { OpenCase } from './open-case.js';
import { type ModelReview, ReviewWithModel } from './review-with-model.js';

const MOST_ATTEMPTS = 4;
const NOTHING = new EvidenceSet([]);

interface Payload {
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
export class InvestigateIncident implements JobRunner<Payload> {
  private readonly log = new Logger(InvestigateIncident.name);

  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly openCase: OpenCase,
    private readonly gatherEvidence: GatherEvidence,
    private readonly reviewWithModel: ReviewWithModel,
    private readonly endRun: EndRun,
    private readonly clock: Clock,
  ) {}

  async run({ tenantId, payload, attempt, signal }: Job<Payload>): Promise<void> {
    const { investigationId, timeIsUp } = payload;
    // A run that takes its process down again and again must not do so for ever.
    if (attempt > MOST_ATTEMPTS) {
      await this.endRun.fail(tenantId, investigationId, 'It was interrupted too often.');
      return;
    }
    try {
      const run = await this.runs.change(tenantId, investigationId, (run) => {
        if (timeIsUp) run.stopWaiting();
        return run;
      });
      const opened = await this.openCase.execute(run);
      if (opened) await this.pursue(opened.run, opened.memory, signal);
    } catch (error) {
      if (attempt < MOST_ATTEMPTS || signal.aborted) throw error;
      this.log.error(error, `${investigationId} failed for good`);
      await this.endRun.fail(tenantId, investigationId, 'An agent failed again and again.');
    }
  }

  private async pursue(run: Run, memory: Memory, signal: AbortSignal): Promise<void> {
    const { tenantId, investigationId } = run;
    const reports = await this.reportsOf(run);
    let gathered: Gathered | undefined;
    for (;;) {
      signal.throwIfAborted();
      const turn = await this.runs.change(tenantId, investigationId, (run) =>
        run.status === 'running' ? { run, step: run.beginNextStep(this.clock.now()) } : undefined,
      );
      if (!turn) return;
      // Memory is asked first; what a person attaches while the run waits for her word on it is read as well.
      if (turn.step?.agentName !== knownSolution.name)
        gathered ??= await this.gatherEvidence.execute(turn.run, memory, signal);
      const { evidence, onset } = gathered ?? {
        evidence: NOTHING,
        onset: estimateOnset(NOTHING, memory.incident),
      };
      const context = {
        ...memory,
        knownSolution: run.knownSolution,
        topology: [],
        onset,
        reports: [...reports],
      };
      if (!turn.step) {
        await this.endRun.conclude(run, context, evidence);
        return;
      }
      const { report, lacking }: ModelReview =
        turn.step.agentName === MODEL_REVIEW
          ? await this.reviewWithModel.execute(run, evidence, context, signal)
          : { report: agentOf(turn.step).run(evidence, context), lacking: [] };
      await this.keep(run, turn.step, report, lacking);
      reports.push(report);
    }
  }

  private async keep(
    { tenantId, investigationId }: Run,
    step: Step,
    report: AgentReport,
    lacking: readonly string[],
  ): Promise<void> {
    await this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.finishStep(step.stepIndex, report, this.clock.now())) return;
      run.unreadSources = [...run.unreadSources, ...lacking];
      await this.caseFile.addFindings(tenantId, investigationId, step.stepIndex, report.findings);
    });
  }

  /** What the agents before a crash had found. */
  private async reportsOf({ tenantId, investigationId, steps }: Run): Promise<AgentReport[]> {
    const found = await this.caseFile.findings(tenantId, [investigationId]);
    return steps.flatMap(({ stepIndex, agentName, report }) => {
      if (!report) return [];
      const findings = found.filter((each) => each.stepIndex === stepIndex).map(({ finding }) => finding);
      return [{ ...report, agentName, findings }];
    });
  }
}

function agentOf({ agentName }: Step): Agent {
  const agent = AGENTS.find(({ name }) => name === agentName);
  if (!agent) throw new Error(`There is no agent ${agentName} any more`);
  return agent;
}
