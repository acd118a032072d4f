import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import { newId, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { StartInvestigation } from './start-investigation.js';

export interface NewContext {
  readonly context: string;
  readonly addedBy: string;
  readonly reinvestigate: boolean;
}

/** Stores a note that a person adds to an incident. Runs that start later read it as evidence. */
@Injectable()
export class AddContext {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly startInvestigation: StartInvestigation,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found`, or `conflict` when `reinvestigate` is set and no run can start; the note is not stored then */
  async execute(
    tenantId: TenantId,
    incidentId: string,
    { context, addedBy, reinvestigate }: NewContext,
  ): Promise<Pick<IncidentSnapshot, 'incidentId' | 'status'> & { investigationId: string | null }> {
    return this.unitOfWork.run(tenantId, async () => {
      const incident = await this.incidents.find(tenantId, incidentId);
      if (!incident) throw notFound('incident');
      await this.unitOfWork.query(
        tenantId,
        `INSERT INTO context_notes (tenant_id, note_id, incident_id, context, added_by, added_at)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [tenantId, newId('evd'), incidentId, context, addedBy, this.clock.now()],
      );
      if (!reinvestigate) return { incidentId, status: incident.status, investigationId: null };
      const by = { trigger: 'person', startedBy: addedBy } as const;
      const investigationId = await this.startInvestigation.execute(tenantId, incidentId, by);
      return { incidentId, status: 'investigating', investigationId };
    });
  }
}
