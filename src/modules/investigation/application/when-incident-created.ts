import { EventsHandler } from '@nestjs/cqrs';
import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Tenants } from '#modules/tenants/api';
import { greaterSeverity } from '../domain/alerts/severity.js';
import { type Triage, triage } from '../domain/alerts/triage.js';
import { AlertHistory } from './alert-history.js';
import { StartInvestigation } from './start-investigation.js';
import { TriageIncidents } from './triage-incidents.js';

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
      const triaged = await this.triageAll(
        tenantId,
        fresh.map(({ data }) => data.incidentId),
        settings.autoInvestigateMinSeverity,
      );
      await this.triageIncidents.keep(
        tenantId,
        new Map(triaged.map(({ incident, triage }) => [incident.incidentId, triage])),
      );
      const arrived = triaged.map(({ incident }) => incident);
      await this.alertHistory.add(
        tenantId,
        arrived.filter(({ source }) => source === 'automated'),
      );
      const severe = triaged.filter(({ isSevere, incident }) => isSevere && incident.status === 'triaging');
      const ids = severe.map(({ incident }) => incident.incidentId);
      await this.startInvestigation.queue(tenantId, ids, { trigger: 'triage', startedBy: null });
    });
  }

  /** Whoever was faster than triage (a person who started a run, or resolved it) has the say over what becomes of it. */
  private async triageAll(
    tenantId: TenantId,
    incidentIds: readonly string[],
    threshold: Severity,
  ): Promise<Triaged[]> {
    const triaged = new Map<string, Triaged>();
    await this.incidents.tellEach(tenantId, incidentIds, (incident) => {
      const judged = triage(incident);
      const severity = greaterSeverity(incident.severity, judged.severity);
      const isSevere = greaterSeverity(severity, threshold) === severity;
      triaged.set(incident.incidentId, { incident, triage: judged, isSevere });
      return isSevere ? undefined : { happened: 'triage_below_threshold' };
    });
    return [...triaged.values()];
  }
}

interface Triaged {
  readonly incident: IncidentSnapshot;
  readonly triage: Triage;
  /** Enough for its tenant to have it investigated without being asked. */
  readonly isSevere: boolean;
}
