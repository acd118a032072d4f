import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import {
  type ArrivedAlert,
  type IncidentKey,
  IncidentLifecycle,
  type IncidentSnapshot,
  type LifecycleStep,
  type StepDecision,
  type StepResult,
} from '../api.js';
import type { Incident } from '../domain/incident.js';
import { Incidents } from '../domain/incidents.js';
import { incidentRow } from './incident-row.js';

/** Moves incidents through their lifecycle on behalf of investigation and remediation. */
@Injectable()
export class AdvanceIncident extends IncidentLifecycle {
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

  async lock(tenantId: TenantId, incidentId: string): Promise<IncidentSnapshot> {
    return this.incidents.change(tenantId, incidentId, snapshot);
  }

  async findMany(tenantId: TenantId, incidentIds: readonly string[]): Promise<IncidentSnapshot[]> {
    return (await this.incidents.findMany(tenantId, incidentIds)).map(snapshot);
  }

  async earlierOfService(tenantId: TenantId, incidentId: string, limit: number): Promise<IncidentSnapshot[]> {
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
    // Ids sort by time, so the primary key has the range.
    return this.unitOfWork.query<ArrivedAlert>(
      tenantId,
      `SELECT incident_id AS "incidentId", title, service, tags FROM incidents
        WHERE tenant_id = $1 AND incident_id BETWEEN $2 AND $3 AND source = 'automated'
        ORDER BY incident_id LIMIT $4`,
      [tenantId, leastIdAt('inc', from), leastIdAt('inc', to), limit],
    );
  }

  async advance(tenantId: TenantId, incidentId: string, step: LifecycleStep): Promise<StepResult> {
    return this.incidents.change(tenantId, incidentId, (incident) => this.apply(incident, step));
  }

  async advanceMany(
    tenantId: TenantId,
    incidentIds: readonly string[],
    step: LifecycleStep,
  ): Promise<StepResult[]> {
    const keys = incidentIds.map((id) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => this.apply(incident, step));
  }

  async advanceEach<D extends StepDecision>(
    incidents: readonly IncidentKey[],
    decide: (incident: IncidentSnapshot) => D,
  ): Promise<D[]> {
    const keys = incidents.map(({ tenantId, incidentId: id }) => ({ tenantId, id }));
    return this.incidents.changeMany(keys, (incident) => {
      const decision = decide(snapshot(incident));
      if (decision.step) applyStep(incident, decision.step, this.clock.now());
      return decision;
    });
  }

  private apply(incident: Incident, step: LifecycleStep): StepResult {
    const moved = applyStep(incident, step, this.clock.now());
    return { moved, incident: snapshot(incident) };
  }
}

function applyStep(incident: Incident, step: LifecycleStep, now: Date): boolean {
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
