import { Inject, Injectable } from '@nestjs/common';
import { In, LessThan } from 'typeorm';
import type { TenantId } from '#kernel/domain/ids';
import { AggregateStore } from '#kernel/persistence/aggregate-store';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Run, RunStatus } from '../domain/run.js';
import type { AdmittedRun, Runs } from '../domain/runs.js';
import { runSchema } from './run.schema.js';

@Injectable()
export class SqlRuns extends AggregateStore<Run> implements Runs {
  constructor(@Inject(UnitOfWork) private readonly work: UnitOfWork) {
    super(work, runSchema);
  }

  async addUnlessUnderWay(tenantId: TenantId, runs: readonly Run[]): Promise<Run[]> {
    const stored = await this.work.query<{ investigation_id: string }>(
      tenantId,
      `INSERT INTO investigations (tenant_id, investigation_id, incident_id, status, trigger, started_by, correlation_id,
         steps, queued_at)
       SELECT $1, r.* FROM json_to_recordset($2) AS r ("investigationId" text, "incidentId" text, status text,
         trigger text, "startedBy" text, "correlationId" text, steps jsonb, "queuedAt" timestamptz)
        ORDER BY "incidentId"
       ON CONFLICT (tenant_id, incident_id) WHERE status IN ('queued', 'running') DO NOTHING
       RETURNING investigation_id`,
      [tenantId, JSON.stringify(runs)],
    );
    const ids = new Set(stored.map(({ investigation_id }) => investigation_id));
    return runs.filter(({ investigationId }) => ids.has(investigationId));
  }

  async admit(tenantId: TenantId, limit: number, now: Date): Promise<AdmittedRun[]> {
    return this.work.run(tenantId, async () => {
      // Serialised by a lock, so that two transactions cannot both take the last free slot.
      await this.work.takeLock(tenantId, 'admit');
      return this.work.query<AdmittedRun>(
        tenantId,
        `UPDATE investigations SET status = 'running', started_at = $3
          WHERE tenant_id = $1 AND status = 'queued' AND investigation_id IN (
            SELECT investigation_id FROM investigations WHERE tenant_id = $1 AND status = 'queued'
             ORDER BY investigation_id
             LIMIT greatest(0, $2 - (SELECT count(*) FROM investigations
                                      WHERE tenant_id = $1 AND status = 'running' AND NOT is_waiting)))
         RETURNING investigation_id AS "investigationId", started_by AS "startedBy", correlation_id AS "correlationId"`,
        [tenantId, limit, now],
      );
    });
  }

  async latest(
    tenantId: TenantId,
    incidentId: string,
    statuses?: readonly RunStatus[],
  ): Promise<Run | undefined> {
    return this.work.run(tenantId, async ({ manager }) => {
      const where = { tenantId, incidentId, ...(statuses && { status: In([...statuses]) }) };
      const run = await manager.findOne(runSchema, { where, order: { investigationId: 'DESC' } });
      return run ?? undefined;
    });
  }

  async ofIncident(
    tenantId: TenantId,
    incidentId: string,
    { before, limit }: { readonly before?: string | undefined; readonly limit: number },
  ): Promise<Run[]> {
    const where = { tenantId, incidentId, ...(before && { investigationId: LessThan(before) }) };
    return this.work.run(tenantId, ({ manager }) =>
      manager.find(runSchema, { where, order: { investigationId: 'DESC' }, take: limit }),
    );
  }
}
