import { Injectable } from '@nestjs/common';
import { tenantsOf } from '#kernel/domain/by-tenant';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { type IncidentKey, IncidentLifecycle } from '#modules/ingestion/api';
import { suggestedAgents, summaryOf, type Triage, triage } from '../domain/alerts/triage.js';

interface TriagedIncident {
  readonly incident: IncidentKey;
  readonly triage: Triage;
}

/** Triages incidents by rules and stores the result. The incident itself keeps what its sender reported. */
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
    const result = triage(incident);
    await this.store([{ incident, triage: result }]);
    return result;
  }

  /** Incidents may be of several tenants. `summary` and `suggestedAgents` are derived on read and not stored. */
  async store(triaged: readonly TriagedIncident[]): Promise<void> {
    const rows = triaged.map(({ incident: { tenantId, incidentId }, triage }) => {
      const { severity, category, confidence, decidedBecause } = triage;
      return { tenantId, incidentId, severity, category, confidence, decidedBecause };
    });
    await this.unitOfWork.query(tenantsOf(rows), UPSERT, [JSON.stringify(rows), this.clock.now()]);
  }

  /** @throws Refusal `not_found`, also while the incident's triage is pending */
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

const UPSERT = {
  name: 'keep-triages',
  text: `
  INSERT INTO triages (tenant_id, incident_id, severity, category, confidence, decided_because, triaged_at)
   SELECT t.*, $2 FROM json_to_recordset($1) AS t ("tenantId" text, "incidentId" text, severity text, category text,
     confidence float8, "decidedBecause" jsonb)
    ORDER BY "tenantId", "incidentId"
   ON CONFLICT (tenant_id, incident_id) DO UPDATE SET severity = excluded.severity,
     category = excluded.category, confidence = excluded.confidence,
     decided_because = excluded.decided_because, triaged_at = excluded.triaged_at`,
};
