import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { AgentReport } from '../domain/agents/agent.js';
import { knownSolution } from '../domain/agents/known-solution.js';
import { nextOf } from '../domain/agents/registry.js';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Memory, Run, Step } from '../domain/run.js';
import { MODEL_REVIEW, type Reviewed } from '../domain/review/review.js';
import { Runs } from '../domain/runs.js';
import type { RemoteDesk } from './desks.js';
import { EndRun } from './end-run.js';
import { GatherEvidence } from './gather-evidence.js';
import { ModelCalls } from './model-calls.js';
import { RereadEvidence } from './reread-evidence.js';
import { ReviewWithModel } from './review-with-model.js';

/** What came of a step. */
interface Turn extends Reviewed {
  readonly stepIndex: number;
  readonly durationMs: number;
}

/**
 * The durable pipeline. Steps that wait for nothing begin together, and each is committed as it ends, in their order,
 * while the next one is being computed. Whoever comes after a crash or an error goes on at the steps that were cut off.
 */
@Injectable()
export class PursueCase {
  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly gatherEvidence: GatherEvidence,
    private readonly rereadEvidence: RereadEvidence,
    private readonly reviewWithModel: ReviewWithModel,
    private readonly modelCalls: ModelCalls,
    private readonly endRun: EndRun,
    private readonly clock: Clock,
  ) {}

  async execute(desk: RemoteDesk, run: Run, memory: Memory, signal: AbortSignal): Promise<void> {
    const { tenantId, investigationId, knownSolution: known } = run;
    const reports = await this.reportsOf(run);
    await desk.open({ ...memory, knownSolution: known, reports });
    let isRead = false;
    for (;;) {
      signal.throwIfAborted();
      const turn = await this.runs.change(tenantId, investigationId, (run) =>
        run.status === 'running' ? { run, steps: run.beginSteps(nextOf, this.clock.now()) } : undefined,
      );
      if (!turn) return;
      // Memory is asked first; what a person attaches while the run waits for her word on it is read as well.
      if (!isRead && turn.steps[0]?.agentName !== knownSolution.name) {
        isRead = await this.read(desk, turn.run, memory, signal);
        if (!isRead) return;
      }
      if (turn.steps.length === 0) {
        await this.endRun.conclude(turn.run, await desk.decide(), reports);
        return;
      }
      const asked = turn.steps.map(async (step) => this.perform(desk, turn.run, step, signal));
      // The first that fails tells; the others must not end the process.
      void Promise.allSettled(asked);
      for (const each of asked) reports.push(await this.keep(turn.run, await each));
    }
  }

  /** @returns false when there is nothing left to do here: the run has ended, or another job is at work on it */
  private async read(desk: RemoteDesk, run: Run, memory: Memory, signal: AbortSignal): Promise<boolean> {
    if (run.onset) await this.rereadEvidence.execute(desk, run);
    const onset = run.onset ?? (await this.gatherEvidence.execute(desk, run, memory, signal));
    if (onset) await desk.begin(onset);
    return onset !== undefined;
  }

  private async perform(desk: RemoteDesk, run: Run, step: Step, signal: AbortSignal): Promise<Turn> {
    const { stepIndex, agentName } = step;
    if (agentName !== MODEL_REVIEW) return { stepIndex, ...(await desk.run(agentName)), lacking: [] };
    const begun = this.clock.now().getTime();
    const reviewed = await this.reviewWithModel.execute(desk, this.modelCalls.bookOf(run), signal);
    return { stepIndex, ...reviewed, durationMs: this.clock.now().getTime() - begun };
  }

  private async keep({ tenantId, investigationId }: Run, turn: Turn): Promise<AgentReport> {
    const { stepIndex, report, durationMs, lacking } = turn;
    return this.runs.change(tenantId, investigationId, async (run) => {
      if (!run.finishStep(stepIndex, report, durationMs)) return report;
      run.unreadSources = [...run.unreadSources, ...lacking];
      await this.caseFile.addFindings(tenantId, investigationId, stepIndex, report.findings);
      return report;
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
