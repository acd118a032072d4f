import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { JobHandler, type Job, type JobRunner } from '#kernel/jobs/job-handler';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Runs } from '../../domain/runs.js';

/**
 * Starts queued runs, up to the tenant's concurrency limit. Only started runs have a job, so that a tenant with many
 * queued runs does not delay the jobs of other tenants.
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
        // The context of the call that queued the run, not of the run whose end freed the slot.
        context: { correlationId, actor: startedBy },
      }));
      await this.jobs.enqueue(tenantId, jobs);
    });
  }
}
