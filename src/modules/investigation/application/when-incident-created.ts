import { EventsHandler } from '@nestjs/cqrs';
import { byTenant, tenantsOf } from '#kernel/domain/by-tenant';
import type { Severity } from '#kernel/domain/severity';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import { Once } from '#kernel/events/once';
import { IncidentLifecycle, type IncidentSnapshot, type StepDecision } from '#modules/ingestion/api';
import { IncidentCreated } from '#modules/ingestion/events';
import { Tenants } from '#modules/tenants/api';
import { higherSeverity } from '../domain/alerts/severity.js';
import { type Triage, triage } from '../domain/alerts/triage.js';
import { AlertHistory } from './evidence/alert-history.js';
import { StartInvestigation } from './runs/start-investigation.js';
import { TriageIncidents } from './triage-incidents.js';

/**
 * Triages every new incident, counts its alert in the alert history, and starts an investigation when the severity reaches
 * the tenant's threshold. A batch of several tenants takes as many statements as a batch of one.
 */
@EventsHandler(IncidentCreated)
export class WhenIncidentCreated implements BatchHandler<IncidentCreated> {
  readonly takesSeveralTenants = true;

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
    const profiles = await this.tenants.profiles(tenantsOf(events));
    await this.once.doMany('triage-incident', events, async (fresh) => {
      const created = fresh.map(({ tenantId, data: { incidentId } }) => ({ tenantId, incidentId }));
      const triaged = await this.incidents.advanceEach(created, (incident) =>
        triagedFor(profiles.get(incident.tenantId)?.settings.autoInvestigateMinSeverity, incident),
      );
      const alerts = triaged.map(({ incident }) => incident).filter(({ source }) => source === 'automated');
      // Two pipelined statements of one transaction.
      await Promise.all([this.triageIncidents.store(triaged), this.alertHistory.add(alerts)]);
      // An incident that a person has investigated or resolved before triage keeps that status.
      const severe = triaged.filter(({ isSevere, incident }) => isSevere && incident.status === 'triaging');
      for (const [tenantId, own] of byTenant(severe.map(({ incident }) => incident))) {
        const ids = own.map(({ incidentId }) => incidentId);
        await this.startInvestigation.queue(tenantId, ids, { trigger: 'triage', startedBy: null });
      }
    });
  }
}

interface Triaged extends StepDecision {
  readonly incident: IncidentSnapshot;
  readonly triage: Triage;
  /** Whether it reaches the tenant's threshold for automatic investigation. */
  readonly isSevere: boolean;
}

function triagedFor(threshold: Severity | undefined, incident: IncidentSnapshot): Triaged {
  const result = triage(incident);
  const severity = higherSeverity(incident.severity, result.severity);
  const isSevere = threshold !== undefined && higherSeverity(severity, threshold) === severity;
  const step = isSevere ? undefined : ({ happened: 'triage_below_threshold' } as const);
  return { incident, triage: result, isSevere, step };
}
