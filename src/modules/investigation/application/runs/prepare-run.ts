import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import { Jobs } from '#kernel/jobs/jobs';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { RunRecords } from '../../domain/run-records.js';
import type { Memory, Run } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';
import { RecallMemory } from './recall-memory.js';

/** The first phase of a run: it stores the incident and its history, and offers a known solution to people. */
@Injectable()
export class PrepareRun {
  constructor(
    private readonly runs: Runs,
    private readonly records: RunRecords,
    private readonly recallMemory: RecallMemory,
    private readonly incidents: IncidentLifecycle,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  /** @returns undefined when the run has ended, or waits for a decision on the known solution */
  async execute(run: Run): Promise<{ run: Run; memory: Memory } | undefined> {
    const prepared = run.memory ? run : await this.recall(run);
    const { status, isWaiting, memory } = prepared;
    return status === 'running' && !isWaiting && memory ? { run: prepared, memory } : undefined;
  }

  private async recall({ tenantId, investigationId, incidentId }: Run): Promise<Run> {
    const incident = await this.incidents.find(tenantId, incidentId);
    if (!incident) throw notFound('incident');
    const { memory, knownSolution, evidence } = await this.recallMemory.execute(tenantId, incident);
    const waitSeconds = this.config.knownSolutionWaitSeconds;
    return this.runs.change(tenantId, investigationId, async (run) => {
      if (run.status !== 'running' || run.memory) return run;
      run.remember(memory);
      await this.records.addEvidence(tenantId, investigationId, evidence);
      if (knownSolution) run.offerKnownSolution(knownSolution, waitSeconds > 0);
      if (run.isWaiting) {
        const runAt = new Date(this.clock.now().getTime() + waitSeconds * 1000);
        await this.jobs.enqueue(tenantId, [
          // The job of a decision has the same key and replaces this one, so that one job at a time works on a run.
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
