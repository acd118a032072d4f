import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';

/** What follows when a plan was turned down or ran out: the incident is open again, unless another plan waits. */
@Injectable()
export class CloseProposal {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
  ) {}

  /** In the transaction of the decision. */
  async execute({ tenantId, incidentId }: Remediation): Promise<void> {
    // Held before the others are looked at, or the last two to be turned down would each take the other for waiting.
    await this.incidents.hold(tenantId, incidentId);
    const waiting = await this.unitOfWork.query(
      tenantId,
      `SELECT 1 FROM remediations
        WHERE tenant_id = $1 AND incident_id = $2 AND status IN ('proposed', 'approved') LIMIT 1`,
      [tenantId, incidentId],
    );
    if (waiting.length > 0) return;
    await this.incidents.tell(tenantId, incidentId, { happened: 'proposals_settled_without_approval' });
  }
}
