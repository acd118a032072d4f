import { EventsHandler, type IEventHandler } from '@nestjs/cqrs';
import { Clock } from '#kernel/domain/clock';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Assignment, Assignments } from './assignment.js';
import { Rosters } from './roster.js';

/** Assigns a new incident to the next person of the roster. Turn, assignment and event are stored in one transaction, once. */
@EventsHandler(IncidentCreated)
export class WhenIncidentCreated implements IEventHandler<IncidentCreated> {
  constructor(
    private readonly once: Once,
    private readonly incidents: IncidentLifecycle,
    private readonly rosters: Rosters,
    private readonly assignments: Assignments,
    private readonly clock: Clock,
  ) {}

  async handle(event: IncidentCreated): Promise<void> {
    await this.once.do('assign-on-call', event, async () => {
      const { tenantId } = event;
      const { incidentId } = event.data;
      const service = (await this.incidents.find(tenantId, incidentId))?.service;
      if (!service || !(await this.rosters.find(tenantId, service))) return;
      const person = await this.rosters.change(tenantId, service, (roster) => roster.takeTurn());
      await this.assignments.add(
        Assignment.make(tenantId, { incidentId, service, person }, this.clock.now()),
      );
    });
  }
}
