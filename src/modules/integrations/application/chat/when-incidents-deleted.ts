import { EventsHandler } from '@nestjs/cqrs';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentsDeleted } from '#modules/ingestion/events';

/** Forgets where messages about deleted incidents are. Idempotent, so it needs no `Once`. */
@EventsHandler(IncidentsDeleted)
export class DeleteThreadsWhenIncidentsDeleted {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async handle({ tenantId, data: { incidentIds } }: IncidentsDeleted): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      'DELETE FROM chat_threads WHERE tenant_id = $1 AND incident_id = ANY ($2)',
      [tenantId, incidentIds],
    );
  }
}
