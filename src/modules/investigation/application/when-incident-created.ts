import { EventsHandler } from '@nestjs/cqrs';
import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Tenants } from '#modules/tenants/api';
import { greaterSeverity } from '../domain/alerts/severity.js';
import { AlertHistory } from './alert-history.js';
import { StartInvestigation } from './start-investigation.js';
import { TriageIncidents, type TriagedIncident } from './triage-incidents.js';

/**
 * Every new incident is triaged, and its alert remembered; what is severe enough for its tenant is investigated without
 * being asked.
 */
@EventsHandler(IncidentCreated)
export class WhenIncidentCreated implements BatchHandler<IncidentCreated> {
  constructor(
    private readonly once: Once,
    private readonly triageIncidents: TriageIncidents,
    private readonly alertHistory: AlertHistory,
    private readonly startInvestigation: StartInvestigation,
    private readonly incidents: IncidentLifecycle,
    private readonly tenants: Tenants,
  ) {}

  async handle(event: IncidentCreated): Promise<void> {
    await this.handleMany([event]);
  }

  async handleMany(events: readonly [IncidentCreated, ...IncidentCreated[]]): Promise<void> {
    const { tenantId } = events[0];
    const { settings } = await this.tenants.profile(tenantId);
    await this.once.doMany('triage-incident', events, async (fresh) => {
      const ids = fresh.map(({ data }) => data.incidentId);
      const triaged = await this.triageIncidents.many(tenantId, ids);
      const arrived = triaged.map(({ incident }) => incident);
      await this.alertHistory.add(
        tenantId,
        arrived.filter(({ source }) => source === 'automated'),
      );
      await this.moveOn(tenantId, triaged, settings.autoInvestigateMinSeverity);
    });
  }

  private async moveOn(
    tenantId: TenantId,
    triaged: readonly TriagedIncident[],
    threshold: Severity,
  ): Promise<void> {
    // Whoever was faster than triage (a person who started a run, or resolved it) has the say.
    const waiting = triaged.filter(({ incident }) => incident.status === 'triaging');
    const idsOf = (severe: boolean): string[] =>
      waiting
        .filter((each) => isSevere(each, threshold) === severe)
        .map(({ incident }) => incident.incidentId);
    await this.startInvestigation.queue(tenantId, idsOf(true), { trigger: 'triage', startedBy: null });
    await this.incidents.tellMany(tenantId, idsOf(false), { happened: 'triage_below_threshold' });
  }
}

function isSevere({ incident, triage }: TriagedIncident, threshold: Severity): boolean {
  const severity = greaterSeverity(incident.severity, triage.severity);
  return greaterSeverity(severity, threshold) === severity;
}
