import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { knownSolution } from '../../domain/agents/known-solution.js';
import { nextOf } from '../../domain/agents/registry.js';
import type { Memory, Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import type { RemoteAnalyser } from '../analysis/analyser-pool.js';
import { EndRun } from './end-run.js';
import { GatherEvidence } from '../evidence/gather-evidence.js';
import { RecordStep } from './record-step.js';
import { PerformStep } from './perform-step.js';
import { RereadEvidence } from '../evidence/reread-evidence.js';

/**
 * The durable pipeline of a run: gather evidence, run the steps, conclude. Steps that do not depend on one another start
 * together; each is committed when it ends, in step order, while the next one is computed. After a crash or an error the
 * next attempt resumes at the steps that were cut off.
 */
@Injectable()
export class RunPipeline {
  constructor(
    private readonly runs: Runs,
    private readonly gatherEvidence: GatherEvidence,
    private readonly rereadEvidence: RereadEvidence,
    private readonly performStep: PerformStep,
    private readonly recordStep: RecordStep,
    private readonly endRun: EndRun,
    private readonly clock: Clock,
  ) {}

  async execute(analyser: RemoteAnalyser, run: Run, memory: Memory, signal: AbortSignal): Promise<void> {
    const { tenantId, investigationId, knownSolution: known } = run;
    const reports = await this.recordStep.storedReports(run);
    await analyser.open({ ...memory, knownSolution: known, reports });
    let hasEvidence = false;
    for (;;) {
      signal.throwIfAborted();
      const next = await this.runs.change(tenantId, investigationId, (run) =>
        run.status === 'running' ? { run, steps: run.beginSteps(nextOf, this.clock.now()) } : undefined,
      );
      if (!next) return;
      // Evidence is read after the known-solution step, so that what people attach while the run waits is included.
      if (!hasEvidence && next.steps[0]?.agentName !== knownSolution.name) {
        hasEvidence = await this.loadEvidence(analyser, next.run, memory, signal);
        if (!hasEvidence) return;
      }
      if (next.steps.length === 0) {
        await this.endRun.conclude(next.run, await analyser.decide(), reports);
        return;
      }
      const pending = next.steps.map(async (step) =>
        this.performStep.execute(analyser, next.run, step, signal),
      );
      // The loop throws the first failure; without this, further ones would be unhandled rejections.
      void Promise.allSettled(pending);
      for (const each of pending) reports.push(await this.recordStep.execute(next.run, await each));
    }
  }

  /** @returns false when the run has ended, or another job works on it */
  private async loadEvidence(
    analyser: RemoteAnalyser,
    run: Run,
    memory: Memory,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (run.onset) await this.rereadEvidence.execute(analyser, run);
    const onset = run.onset ?? (await this.gatherEvidence.execute(analyser, run, memory, signal));
    if (onset) await analyser.begin(onset);
    return onset !== undefined;
  }
}
