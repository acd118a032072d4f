import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { suggestedAgents, summaryOf, type Triage, triage } from '../domain/alerts/triage.js';

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
    const incident = await this.incidents.find(tenantId, incidentId);
    if (!incident) throw notFound('incident');
    const judged = triage(incident);
    await this.keep(tenantId, new Map([[incidentId, judged]]));
    return judged;
  }

  /** Keeps what was judged of incidents, by their ids: what follows from it and from the incident is not stored. */
  async keep(tenantId: TenantId, judged: ReadonlyMap<string, Triage>): Promise<void> {
    const rows = [...judged].map(([incidentId, { severity, category, confidence, decidedBecause }]) => ({
      incidentId, severity, category, confidence, decidedBecause,
    })); // prettier-ignore
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO triages (tenant_id, incident_id, severity, category, confidence, decided_because, triaged_at)
       SELECT $1, t.*, $3 FROM json_to_recordset($2) AS t ("incidentId" text, severity text, category text,
         confidence float8, "decidedBecause" jsonb)
        ORDER BY "incidentId"
       ON CONFLICT (tenant_id, incident_id) DO UPDATE SET severity = excluded.severity,
         category = excluded.category, confidence = excluded.confidence,
         decided_because = excluded.decided_because, triaged_at = excluded.triaged_at`,
      [tenantId, JSON.stringify(rows), this.clock.now()],
    );
  }

  /** @throws Refusal `not_found` also while an incident waits for its triage */
  async find(tenantId: TenantId, incidentId: string): Promise<Triage> {
    const [found] = await this.unitOfWork.query<Omit<Triage, 'summary' | 'suggestedAgents'>>(
      tenantId,
      `SELECT severity, category, confidence, decided_because AS "decidedBecause"
         FROM triages WHERE tenant_id = $1 AND incident_id = $2`,
      [tenantId, incidentId],
    );
    const incident = found && (await this.incidents.find(tenantId, incidentId));
    if (!incident) throw notFound('triage');
    const { severity, category, confidence, decidedBecause } = found;
    return {
      severity,
      category,
      summary: summaryOf(incident, severity, category),
      confidence,
      suggestedAgents: suggestedAgents(category),
      decidedBecause,
    };
  }
}
