import { EventsHandler } from '@nestjs/cqrs';
import type { BatchHandler } from '#kernel/events/awaiting-publisher';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { IncidentStatusChanged } from '#modules/ingestion/events';
import { isOver } from './claim-incident.js';
import { ExpireApproval } from './expire-approval.js';

/**
 * Expires the pending plans of an incident that has ended, by a person, its source or another plan. Idempotent, so it needs
 * no `Once`.
 */
@EventsHandler(IncidentStatusChanged)
export class WhenIncidentEnded implements BatchHandler<IncidentStatusChanged> {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
    private readonly expireApproval: ExpireApproval,
  ) {}

  async handle(event: IncidentStatusChanged): Promise<void> {
    await this.handleMany([event]);
  }

  async handleMany(events: readonly [IncidentStatusChanged, ...IncidentStatusChanged[]]): Promise<void> {
    const { tenantId } = events[0];
    const ended = events.filter(({ data }) => isOver(data.newStatus)).map(({ data }) => data.incidentId);
    if (ended.length === 0) return;
    const pending = await this.unitOfWork.query<{
      remediationId: string;
      approvalId: string;
      incidentId: string;
    }>(
      tenantId,
      `SELECT remediation_id AS "remediationId", approval_id AS "approvalId", incident_id AS "incidentId"
         FROM remediations
        WHERE tenant_id = $1 AND incident_id = ANY($2) AND status = 'proposed' ORDER BY remediation_id`,
      [tenantId, ended],
    );
    if (pending.length === 0) return;
    // Read after the plans, so that a plan proposed after the incident was reopened is not expired.
    const incidents = await this.incidents.findMany(
      tenantId,
      pending.map(({ incidentId }) => incidentId),
    );
    const over = new Set(
      incidents.filter(({ status }) => isOver(status)).map(({ incidentId }) => incidentId),
    );
    for (const each of pending)
      if (over.has(each.incidentId)) await this.expireApproval.execute(tenantId, each);
  }
}
