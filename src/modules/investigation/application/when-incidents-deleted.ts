import { EventsHandler } from '@nestjs/cqrs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '#modules/ingestion/events';

/** Deletes triages, notes and runs of deleted incidents. Idempotent, so it needs no `Once`. */
@EventsHandler(IncidentsDeleted)
export class DeleteInvestigationsWhenIncidentsDeleted {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async handle({ tenantId, data: { incidentIds } }: IncidentsDeleted): Promise<void> {
    await this.unitOfWork.run(tenantId, async ({ query }) => {
      for (const text of STATEMENTS) await query({ text }, [tenantId, incidentIds]);
    });
  }
}

/** Findings first: their citations keep the evidence of a run from being deleted. All else of a run goes with it. */
const STATEMENTS = [
  `DELETE FROM findings f USING investigations i
    WHERE i.tenant_id = $1 AND i.incident_id = ANY ($2) AND f.tenant_id = $1 AND f.investigation_id = i.investigation_id`,
  'DELETE FROM investigations WHERE tenant_id = $1 AND incident_id = ANY ($2)',
  'DELETE FROM context_notes WHERE tenant_id = $1 AND incident_id = ANY ($2)',
  'DELETE FROM triages WHERE tenant_id = $1 AND incident_id = ANY ($2)',
];
