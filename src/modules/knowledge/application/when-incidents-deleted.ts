import { EventsHandler } from '@nestjs/cqrs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '#modules/ingestion/events';

/** Deletes sightings and feedback of deleted incidents. Their patterns stay. Idempotent, so it needs no `Once`. */
@EventsHandler(IncidentsDeleted)
export class ForgetSightingsWhenIncidentsDeleted {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async handle({ tenantId, data: { incidentIds } }: IncidentsDeleted): Promise<void> {
    await this.unitOfWork.run(tenantId, async ({ query }) => {
      for (const text of STATEMENTS) await query({ text }, [tenantId, incidentIds]);
    });
  }
}

const STATEMENTS = [
  'DELETE FROM pattern_sightings WHERE tenant_id = $1 AND incident_id = ANY ($2)',
  'DELETE FROM pattern_feedback WHERE tenant_id = $1 AND incident_id = ANY ($2)',
];
