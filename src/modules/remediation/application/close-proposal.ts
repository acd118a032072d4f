import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';

/** After a plan was rejected or has expired: reopens the incident, unless another of its plans is pending. */
@Injectable()
export class CloseProposal {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
  ) {}

  /** Joins the transaction of the decision. */
  async execute({ tenantId, incidentId }: Remediation): Promise<void> {
    // Locked before the query, or the last two plans, rejected at once, would each see the other as pending.
    await this.incidents.lock(tenantId, incidentId);
    const waiting = await this.unitOfWork.query(
      tenantId,
      `SELECT 1 FROM remediations
        WHERE tenant_id = $1 AND incident_id = $2 AND status IN ('proposed', 'approved') LIMIT 1`,
      [tenantId, incidentId],
    );
    if (waiting.length > 0) return;
    await this.incidents.advance(tenantId, incidentId, { happened: 'proposals_settled_without_approval' });
  }
}
