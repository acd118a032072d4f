import { Inject, Injectable } from '@nestjs/common';
import { Config } from '#kernel/config/config';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Jobs } from '#kernel/jobs/jobs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { callContext } from '#kernel/tenancy/call-context';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { AGENTS } from '../../domain/agents/registry.js';
import { alreadyUnderWay, notInvestigable } from '../../domain/errors.js';
import { MODEL_REVIEW } from '../../domain/review/review.js';
import { Run, type RunOrigin } from '../../domain/run.js';
import { Runs } from '../../domain/runs.js';

const AGENT_NAMES = AGENTS.map(({ name }) => name);
const WITH_MODEL = [...AGENT_NAMES, MODEL_REVIEW];

/** Queues runs. The run, the incident's new status and the job that admits the run are stored in one transaction. */
@Injectable()
export class StartInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly incidents: IncidentLifecycle,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: Jobs,
    private readonly clock: Clock,
    @Inject(Config) private readonly config: Config,
  ) {}

  /**
   * @returns the id of the new run
   * @throws Refusal `not_found`, or `conflict` when a run is under way or the incident's status does not allow one
   */
  async execute(tenantId: TenantId, incidentId: string, origin: RunOrigin): Promise<string> {
    return this.unitOfWork.run(tenantId, async () => {
      const [run] = await this.queue(tenantId, [incidentId], origin);
      if (!run) throw alreadyUnderWay();
      return run.investigationId;
    });
  }

  /**
   * The same for several incidents. An incident that has a run under way is skipped.
   * @returns the runs that were queued
   */
  async queue(tenantId: TenantId, incidentIds: readonly string[], origin: RunOrigin): Promise<Run[]> {
    if (incidentIds.length === 0) return [];
    return this.unitOfWork.run(tenantId, async () => {
      const now = this.clock.now();
      const names = this.config.llm ? WITH_MODEL : AGENT_NAMES;
      const runs = incidentIds.map((incidentId) => {
        const { correlationId } = callContext(tenantId, incidentId);
        return Run.queue(tenantId, incidentId, { ...origin, correlationId }, names, now);
      });
      const queued = await this.runs.addUnlessUnderWay(tenantId, runs);
      const ids = queued.map(({ incidentId }) => incidentId);
      const updated = await this.incidents.advanceMany(tenantId, ids, { happened: 'investigation_started' });
      // An incident may be `investigating` without a run: reactions to the end of its last run are still pending.
      const rejected = updated.find(({ moved, incident }) => !moved && incident.status !== 'investigating');
      if (rejected) throw notInvestigable(rejected.incident.status);
      if (updated.length < queued.length) throw notFound('incident');
      if (queued.length > 0) await this.jobs.enqueue(tenantId, { name: 'admit-investigations', payload: {} });
      return queued;
    });
  }
}
