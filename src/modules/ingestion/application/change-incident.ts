import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { Refusal } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import type { Severity } from '#kernel/domain/severity';
import type { IncidentStatus } from '../events.js';
import type { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';

export interface ChangeByHand {
  readonly status?: IncidentStatus;
  readonly severity?: Severity;
  /** Changes only a version the caller has seen. */
  readonly ifVersions?: readonly number[];
}

/** A person's word on an incident. It wins over whatever the flow was about to do. */
@Injectable()
export class ChangeIncident {
  constructor(
    private readonly incidents: Incidents,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `precondition_failed` when somebody else was faster, `invalid_transition` */
  async execute(tenantId: TenantId, incidentId: string, change: ChangeByHand): Promise<Incident> {
    const { status, severity, ifVersions } = change;
    return this.incidents.change(tenantId, incidentId, (incident) => {
      if (ifVersions && !ifVersions.includes(incident.version)) {
        throw new Refusal('precondition_failed', 'The incident has changed since you read it.');
      }
      const now = this.clock.now();
      if (severity !== undefined) incident.setSeverityByHand(severity, now);
      if (status !== undefined) incident.setStatusByHand(status, now);
      return incident;
    });
  }
}
