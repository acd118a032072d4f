import { Injectable, Logger } from '@nestjs/common';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { AnalyserLostError, AnalyserPool } from '../analysis/analyser-pool.js';
import { EndRun } from './end-run.js';
import { PrepareRun } from './prepare-run.js';
import { RunPipeline } from './run-pipeline.js';
import { RunEndedError, WatchRun } from './watch-run.js';
import { Runs } from '../../domain/runs.js';

const MAX_ATTEMPTS = 4;

interface Payload {
  readonly investigationId: string;
  /** Set on the job that runs when the waiting time for a decision on a known solution is over. */
  readonly timeIsUp?: true;
}

/** The job of a run. A retry resumes at the steps that were cut off; after `MAX_ATTEMPTS` the run fails. */
@Injectable()
@JobHandler('investigate-incident')
export class InvestigateIncident implements JobRunner<Payload> {
  private readonly log = new Logger(InvestigateIncident.name);

  constructor(
    private readonly runs: Runs,
    private readonly prepareRun: PrepareRun,
    private readonly pool: AnalyserPool,
    private readonly watchRun: WatchRun,
    private readonly runPipeline: RunPipeline,
    private readonly endRun: EndRun,
  ) {}

  async run({ tenantId, payload, attempt, signal }: Job<Payload>): Promise<void> {
    const { investigationId, timeIsUp } = payload;
    // The earlier attempts ended without an error here: the run probably crashes its process.
    if (attempt > MAX_ATTEMPTS) {
      await this.endRun.fail(tenantId, investigationId, 'It was interrupted too often.');
      return;
    }
    try {
      const run = await this.runs.change(tenantId, investigationId, (run) => {
        if (timeIsUp) run.stopWaiting();
        return run;
      });
      const prepared = await this.prepareRun.execute(run);
      if (!prepared) return;
      await this.watchRun.whileUnderWay(prepared.run, signal, (signal) =>
        this.pool.use(signal, (analyser) =>
          this.runPipeline.execute(analyser, prepared.run, prepared.memory, signal),
        ),
      );
    } catch (error) {
      if (error instanceof RunEndedError) return;
      if (attempt < MAX_ATTEMPTS || signal.aborted) throw error;
      this.log.error(error, `${investigationId} failed after ${attempt} attempts`);
      const why = error instanceof AnalyserLostError ? `${error.message}.` : 'It failed again and again.';
      await this.endRun.fail(tenantId, investigationId, why);
    }
  }
}
