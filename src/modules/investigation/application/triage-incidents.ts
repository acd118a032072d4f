import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import { type Triage, triage } from '../domain/alerts/triage.js';

export interface TriagedIncident {
  readonly incident: IncidentSnapshot;
  readonly triage: Triage;
}

/** Judges incidents by rules and keeps the judgement. The incident itself is left as its sender described it. */
@Injectable()
export class TriageIncidents {
  constructor(
    private readonly incidents: IncidentLifecycle,
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /** @throws Refusal `not_found` */
  async execute(tenantId: TenantId, incidentId: string): Promise<Triage> {
    const [triaged] = await this.many(tenantId, [incidentId]);
    if (!triaged) throw notFound('incident');
    return triaged.triage;
  }

  async many(tenantId: TenantId, incidentIds: readonly string[]): Promise<TriagedIncident[]> {
    const incidents = await this.incidents.findMany(tenantId, incidentIds);
    const triaged = incidents.map((incident) => ({ incident, triage: triage(incident) }));
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO triages (tenant_id, incident_id, severity, category, summary, confidence, suggested_agents,
         decided_because, triaged_at)
       SELECT $1, t.*, $3 FROM json_to_recordset($2) AS t ("incidentId" text, severity text, category text,
         summary text, confidence float8, "suggestedAgents" jsonb, "decidedBecause" jsonb)
        ORDER BY "incidentId"
       ON CONFLICT (tenant_id, incident_id) DO UPDATE SET severity = excluded.severity,
         category = excluded.category, summary = excluded.summary, confidence = excluded.confidence,
         suggested_agents = excluded.suggested_agents, decided_because = excluded.decided_because,
         triaged_at = excluded.triaged_at`,
      [
        tenantId,
        JSON.stringify(triaged.map(({ incident: { incidentId }, triage }) => ({ incidentId, ...triage }))),
        this.clock.now(),
      ],
    );
    return triaged;
  }

  /** @throws Refusal `not_found` also while an incident waits for its triage */
  async find(tenantId: TenantId, incidentId: string): Promise<Triage> {
    const [found] = await this.unitOfWork.query<Triage>(
      tenantId,
      `SELECT severity, category, summary, confidence, suggested_agents AS "suggestedAgents",
              decided_because AS "decidedBecause"
         FROM triages WHERE tenant_id = $1 AND incident_id = $2`,
      [tenantId, incidentId],
    );
    if (!found) throw notFound('triage');
    return found;
  }
}
