import { EventsHandler } from '@nestjs/cqrs';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { IncidentStatusChanged } from '#modules/ingestion/events';
import { Remediations } from '#modules/remediation/api';
import { LearnPattern } from './learn-pattern.js';

/** Turns a resolved incident with a root cause into a new pattern, or into an occurrence of the pattern that it matches. */
@EventsHandler(IncidentStatusChanged)
export class WhenIncidentResolved implements BatchHandler<IncidentStatusChanged> {
  constructor(
    private readonly once: Once,
    private readonly incidents: IncidentLifecycle,
    private readonly remediations: Remediations,
    private readonly learnPattern: LearnPattern,
    private readonly clock: Clock,
  ) {}

  async handleMany(events: readonly IncidentStatusChanged[]): Promise<void> {
    // In an alert storm hardly any event is a resolution; the others cost no promise.
    for (const event of events) if (event.data.newStatus === 'resolved') await this.handle(event);
  }

  async handle(event: IncidentStatusChanged): Promise<void> {
    if (event.data.newStatus !== 'resolved') return;
    const { tenantId } = event;
    await this.once.do('knowledge.learn', event, async () => {
      const incident = await this.incidents.find(tenantId, event.data.incidentId);
      if (incident) await this.learnFrom(tenantId, incident);
    });
  }

  private async learnFrom(tenantId: TenantId, incident: IncidentSnapshot): Promise<void> {
    const { incidentId, title, description, service, rootCause } = incident;
    if (rootCause === null) return;
    const plan = await this.remediations.successfulPlan(tenantId, incidentId);
    const fix = plan ? { title: plan.title, steps: plan.steps } : null;
    const alert = { title, description, service };
    await this.learnPattern.execute(tenantId, { incidentId, alert, rootCause, fix }, this.clock.now());
  }
}
