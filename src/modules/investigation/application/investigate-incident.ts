import { Injectable, Logger } from '@nestjs/common';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { DeskLostError, Desks } from './desks.js';
import { EndRun } from './end-run.js';
import { OpenCase } from './open-case.js';
import { PursueCase } from './pursue-case.js';
import { RunEndedError, WatchRun } from './watch-run.js';
import { Runs } from '../domain/runs.js';

const MOST_ATTEMPTS = 4;

interface Payload {
  readonly investigationId: string;
  /** Set on the job that waits for the end of the time in which a person may decide on a known solution. */
  readonly timeIsUp?: true;
}

/** The job of a run: as often as it is cut off, it goes on where it was, but not for ever. */
@Injectable()
@JobHandler('investigate-incident')
export class InvestigateIncident implements JobRunner<Payload> {
  private readonly log = new Logger(InvestigateIncident.name);

  constructor(
    private readonly runs: Runs,
    private readonly openCase: OpenCase,
    private readonly desks: Desks,
    private readonly watchRun: WatchRun,
    private readonly pursueCase: PursueCase,
    private readonly endRun: EndRun,
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
      if (!opened) return;
      await this.watchRun.whileUnderWay(opened.run, signal, (signal) =>
        this.desks.use(signal, (desk) => this.pursueCase.execute(desk, opened.run, opened.memory, signal)),
      );
    } catch (error) {
      if (error instanceof RunEndedError) return;
      if (attempt < MOST_ATTEMPTS || signal.aborted) throw error;
      this.log.error(error, `${investigationId} failed for good`);
      const why = error instanceof DeskLostError ? `${error.message}.` : 'It failed again and again.';
      await this.endRun.fail(tenantId, investigationId, why);
    }
  }
}
