import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { noneUnderWay } from '../../domain/errors.js';
import { Runs } from '../../domain/runs.js';
import { EndRun } from './end-run.js';

/** Aborts the run under way. Each step checks the run's status under its row lock before storing, so nothing is stored later. */
@Injectable()
export class AbortInvestigation {
  constructor(
    private readonly runs: Runs,
    private readonly incidents: IncidentLifecycle,
    private readonly endRun: EndRun,
  ) {}

  /** @throws Refusal `not_found`, or `conflict` when none is under way */
  async execute(tenantId: TenantId, incidentId: string): Promise<void> {
    const run = await this.runs.latest(tenantId, incidentId);
    if (run) return this.endRun.abort(tenantId, run.investigationId);
    throw (await this.incidents.find(tenantId, incidentId)) ? noneUnderWay() : notFound('incident');
  }
}
