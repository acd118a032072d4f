import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';
import type { IncidentStatus } from '../events.js';
import type { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';

export interface ManualChange {
  readonly status?: IncidentStatus;
  readonly severity?: Severity;
  /** Other versions than these, which the caller has seen, are not changed. */
  readonly ifVersions?: readonly number[];
}

/** A manual change of an incident. It takes precedence over the automatic flow. */
@Injectable()
export class ChangeIncident {
  constructor(
    private readonly incidents: Incidents,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `precondition_failed` if the incident has changed since, `invalid_transition` */
  async execute(tenantId: TenantId, incidentId: string, change: ManualChange): Promise<Incident> {
    const { status, severity, ifVersions } = change;
    return this.incidents.change(tenantId, incidentId, (incident) => {
      if (ifVersions && !ifVersions.includes(incident.version)) {
        throw new Refusal('precondition_failed', 'The incident has changed since you read it.');
      }
      const now = this.clock.now();
      if (severity !== undefined) incident.setSeverityManually(severity, now);
      if (status !== undefined) incident.setStatusManually(status, now);
      return incident;
    });
  }
}
