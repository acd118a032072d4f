import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { knownSolution } from '../domain/agents/known-solution.js';
import { nextOf } from '../domain/agents/registry.js';
import type { Memory, Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import type { RemoteDesk } from './desks.js';
import { EndRun } from './end-run.js';
import { GatherEvidence } from './gather-evidence.js';
import { KeepStep } from './keep-step.js';
import { PerformStep } from './perform-step.js';
import { RereadEvidence } from './reread-evidence.js';

/**
 * The durable pipeline. Steps that wait for nothing begin together, and each is committed as it ends, in their order,
 * while the next one is being computed. Whoever comes after a crash or an error goes on at the steps that were cut off.
 */
@Injectable()
export class PursueCase {
  constructor(
    private readonly runs: Runs,
    private readonly gatherEvidence: GatherEvidence,
    private readonly rereadEvidence: RereadEvidence,
    private readonly performStep: PerformStep,
    private readonly keepStep: KeepStep,
    private readonly endRun: EndRun,
    private readonly clock: Clock,
  ) {}

  async execute(desk: RemoteDesk, run: Run, memory: Memory, signal: AbortSignal): Promise<void> {
    const { tenantId, investigationId, knownSolution: known } = run;
    const reports = await this.keepStep.before(run);
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
      const asked = turn.steps.map(async (step) => this.performStep.execute(desk, turn.run, step, signal));
      // The first that fails tells; the others must not end the process.
      void Promise.allSettled(asked);
      for (const each of asked) reports.push(await this.keepStep.execute(turn.run, await each));
    }
  }

  /** @returns false when there is nothing left to do here: the run has ended, or another job is at work on it */
  private async read(desk: RemoteDesk, run: Run, memory: Memory, signal: AbortSignal): Promise<boolean> {
    if (run.onset) await this.rereadEvidence.execute(desk, run);
    const onset = run.onset ?? (await this.gatherEvidence.execute(desk, run, memory, signal));
    if (onset) await desk.begin(onset);
    return onset !== undefined;
  }
}
