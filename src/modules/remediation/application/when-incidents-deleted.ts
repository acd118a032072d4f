import { EventsHandler } from '@nestjs/cqrs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '#modules/ingestion/events';

/** Deletes plans and approvals of deleted incidents. Idempotent, so it needs no `Once`. */
@EventsHandler(IncidentsDeleted)
export class DeleteRemediationsWhenIncidentsDeleted {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async handle({ tenantId, data: { incidentIds } }: IncidentsDeleted): Promise<void> {
    await this.unitOfWork.run(tenantId, async ({ query }) => {
      for (const text of STATEMENTS) await query({ text }, [tenantId, incidentIds]);
    });
  }
}

const STATEMENTS = [
  `DELETE FROM approvals a USING remediations r
    WHERE r.tenant_id = $1 AND r.incident_id = ANY ($2) AND a.tenant_id = $1 AND a.remediation_id = r.remediation_id`,
  'DELETE FROM remediations WHERE tenant_id = $1 AND incident_id = ANY ($2)',
];
