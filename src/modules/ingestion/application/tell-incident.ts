import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import {
  type ArrivedAlert,
  type IncidentKey,
  IncidentLifecycle,
  type IncidentSnapshot,
  type Judgement,
  type LifecycleStep,
  type Told,
} from '../api.js';
import type { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';
import { incidentRow } from './incident-row.js';

/** The incident's side of what investigation and remediation do for it. */
@Injectable()
export class TellIncident extends IncidentLifecycle {
  constructor(
    private readonly incidents: Incidents,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {
    super();
  }

  async find(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot | undefined> {
    const incident = await this.incidents.find(tenantId, incidentId);
    return incident && snapshot(incident);
  }

  async hold(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot> {
    return this.incidents.change(tenantId, incidentId, snapshot);
  }

  async findMany(tenantId: TenantId, incidentIds: readonly string[]): Promise<IncidentSnapshot[]> {
    return (await this.incidents.findMany(tenantId, incidentIds)).map(snapshot);
  }

  async earlier(tenantId: TenantId, incidentId: string, limit: number): Promise<IncidentSnapshot[]> {
    const rows = await this.unitOfWork.query<{ incident_id: string }>(
      tenantId,
      `SELECT e.incident_id FROM incidents i JOIN incidents e USING (tenant_id, service)
        WHERE i.tenant_id = $1 AND i.incident_id = $2 AND e.second <= i.second AND e.incident_id < i.incident_id
          AND e.root_cause IS NOT NULL
        ORDER BY e.second DESC, e.incident_id DESC LIMIT $3`,
      [tenantId, incidentId, limit],
    );
    const ids = rows.map(({ incident_id }) => incident_id);
    return (await this.findMany(tenantId, ids)).reverse();
  }

  async alertsBetween(tenantId: TenantId, from: Date, to: Date, limit: number): Promise<ArrivedAlert[]> {
    // Ids tell the time, and so the primary key finds them.
    return this.unitOfWork.query<ArrivedAlert>(
      tenantId,
      `SELECT incident_id AS "incidentId", title, service, tags FROM incidents
        WHERE tenant_id = $1 AND incident_id BETWEEN $2 AND $3 AND source = 'automated'
        ORDER BY incident_id LIMIT $4`,
      [tenantId, leastIdAt('inc', from), leastIdAt('inc', to), limit],
    );
  }

  async tell(tenantId: TenantId, incidentId: string, step: LifecycleStep): Promise<Told> {
    return this.incidents.change(tenantId, incidentId, (incident) => this.told(incident, step));
  }

  async tellMany(tenantId: TenantId, incidentIds: readonly string[], step: LifecycleStep): Promise<Told[]> {
    const keys = incidentIds.map((id) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => this.told(incident, step));
  }

  async tellEach<J extends Judgement>(
    incidents: readonly IncidentKey[],
    judge: (incident: IncidentSnapshot) => J,
  ): Promise<J[]> {
    const keys = incidents.map(({ tenantId, incidentId: id }) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => {
      const judgement = judge(snapshot(incident));
      if (judgement.step) take(incident, judgement.step, this.clock.now());
      return judgement;
    });
  }

  private told(incident: Incident, step: LifecycleStep): Told {
    const moved = take(incident, step, this.clock.now());
    return { moved, incident: snapshot(incident) };
  }
}

function take(incident: Incident, step: LifecycleStep, now: Date): boolean {
  switch (step.happened) {
    case 'triage_below_threshold':
      return incident.triageStayedBelowThreshold(now);
    case 'investigation_started':
      return incident.investigationStarted(now);
    case 'investigation_ended':
      incident.concluded(step.conclusion, now);
      return false;
    case 'investigation_closed_without_proposal':
      return incident.investigationEndedWithoutProposal(now);
    case 'approval_requested':
      return incident.approvalRequested(now);
    case 'proposals_settled_without_approval':
      return incident.proposalsSettledWithoutApproval(now);
    case 'execution_started':
      return incident.executionStarted(now);
    case 'remediation_verified':
      return incident.remediationVerified(now);
    case 'remediation_failed':
      return incident.remediationFailed(now);
  }
}

function snapshot(incident: Incident): IncidentSnapshot {
  return { tenantId: incident.tenantId, ...incidentRow(incident) };
}
