import { EventsHandler, type IEventHandler } from '@nestjs/cqrs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '#modules/ingestion/events';

/** Deletes the assignments of deleted incidents. Idempotent, so it needs no `Once`. */
@EventsHandler(IncidentsDeleted)
export class WhenIncidentsDeleted implements IEventHandler<IncidentsDeleted> {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async handle({ tenantId, data: { incidentIds } }: IncidentsDeleted): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      'DELETE FROM on_call_assignments WHERE tenant_id = $1 AND incident_id = ANY ($2)',
      [tenantId, incidentIds],
    );
  }
}
