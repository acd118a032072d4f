import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { CaseFile } from '../domain/evidence/case-file.js';
import type { Memory, Run } from '../domain/run.js';
import { Runs } from '../domain/runs.js';
import { RecallMemory } from './recall-memory.js';

/** The first thing a run does: it recalls what is known, and puts a known solution before a person. */
@Injectable()
export class OpenCase {
  constructor(
    private readonly runs: Runs,
    private readonly caseFile: CaseFile,
    private readonly recallMemory: RecallMemory,
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @returns undefined when the run has ended, or waits for a person's word on the known solution */
  async execute(run: Run): Promise<{ run: Run; memory: Memory } | undefined> {
    const opened = run.memory ? run : await this.recall(run);
    const { status, isWaiting, memory } = opened;
    return status === 'running' && !isWaiting && memory ? { run: opened, memory } : undefined;
  }

  private async recall({ tenantId, investigationId, incidentId }: Run): Promise<Run> {
    const incident = await this.incidents.find(tenantId, incidentId);
    if (!incident) throw notFound('incident');
    const { memory, knownSolution, evidence } = await this.recallMemory.execute(tenantId, incident);
    const waitSeconds = this.config.knownSolutionWaitSeconds;
    return this.runs.change(tenantId, investigationId, async (run) => {
      if (run.status !== 'running' || run.memory) return run;
      run.remember(memory);
      await this.caseFile.addEvidence(tenantId, investigationId, evidence);
      if (knownSolution) run.offerKnownSolution(knownSolution, waitSeconds > 0);
      if (run.isWaiting) {
        const runAt = new Date(this.clock.now().getTime() + waitSeconds * 1000);
        await this.jobs.enqueue(tenantId, [
          // By the same key as the job that a decision asks for, which takes its place: one at a time is at work on a run.
          {
            name: 'investigate-incident',
            payload: { investigationId, timeIsUp: true },
            key: investigationId,
            runAt,
          },
          { name: 'admit-investigations', payload: {} },
        ]);
      }
      return run;
    });
  }
}
