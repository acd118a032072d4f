import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { Runs } from '../../domain/runs.js';

/** A person accepts or dismisses the known solution, and the waiting run continues at once. */
@Injectable()
export class DecideKnownSolution {
  constructor(
    private readonly runs: Runs,
    private readonly jobs: Jobs,
  ) {}

  /** @throws Refusal `not_found`, or `conflict` when no known solution of this pattern waits for a decision */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    patternId: string,
    action: 'accept' | 'dismiss',
  ): Promise<void> {
    const latest = await this.runs.latest(tenantId, incidentId);
    if (!latest) throw notFound('investigation');
    const { investigationId } = latest;
    await this.runs.change(tenantId, investigationId, async (run) => {
      run.decideKnownSolution(patternId, action === 'accept' ? 'accepted' : 'dismissed');
      await this.jobs.enqueue(tenantId, {
        name: 'investigate-incident',
        payload: { investigationId },
        // Replaces the job that was scheduled for the end of the waiting time: see PrepareRun.
        key: investigationId,
      });
    });
  }
}
