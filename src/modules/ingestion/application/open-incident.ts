import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import type { TenantId } from '#kernel/domain/ids';
import { IncidentOpening, type NewIncident } from '../api.js';
import { readReport } from '../domain/custom-alert.js';
import { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';
import { type IncidentRow, incidentRow } from './incident-row.js';

/** Opens an incident for a person or a trigger. It is processed exactly like one that an alert opened. */
@Injectable()
export class OpenIncident extends IncidentOpening {
  constructor(
    private readonly incidents: Incidents,
    private readonly clock: Clock,
  ) {
    super();
  }

  async open(tenantId: TenantId, report: NewIncident): Promise<string> {
    return (await this.execute(tenantId, report)).incidentId;
  }

  /** @returns the incident as it was opened, before triage */
  async execute(tenantId: TenantId, report: NewIncident): Promise<IncidentRow> {
    const origin = { source: 'manual', provider: null, sourceAlertId: null } as const;
    const now = this.clock.now();
    const incident = Incident.open(tenantId, readReport(report), origin, now);
    const opened = incidentRow(incident);
    incident.sentToTriage(now);
    await this.incidents.add(incident);
    return opened;
  }
}
