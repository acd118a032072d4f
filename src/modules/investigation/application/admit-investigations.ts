import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Runs } from '../domain/runs.js';

/**
 * Lets queued runs begin, at most so many of a tenant at a time. Only runs that have begun have a job, so that however
 * many a tenant has queued, the jobs of other tenants do not stand behind them.
 */
@Injectable()
@JobHandler('admit-investigations')
export class AdmitInvestigations implements JobRunner {
  constructor(
    private readonly runs: Runs,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  async run({ tenantId }: Job): Promise<void> {
    await this.unitOfWork.run(tenantId, async () => {
      const limit = this.config.investigationsPerTenant;
      const admitted = await this.runs.admit(tenantId, limit, this.clock.now());
      const jobs = admitted.map(({ investigationId, correlationId, startedBy }) => ({
        name: 'investigate-incident',
        payload: { investigationId },
        // Whoever made room for it, or was queued together with it, has nothing to do with it.
        context: { correlationId, actor: startedBy },
      }));
      await this.jobs.enqueue(tenantId, jobs);
    });
  }
}
