import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';

/**
 * Claims the incident for the execution of a plan. One plan at a time: the end of another would change the incident's status
 * during this execution, and the end of this one would find an incident that is not in remediation.
 */
@Injectable()
export class ClaimIncident {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
  ) {}

  /**
   * Joins the transaction that starts the plan.
   * @returns `claimed`; or, with nothing changed, `over` when the incident has ended, `busy` while it is investigated or
   *   another of its plans executes
   */
  async execute({ tenantId, incidentId, remediationId }: Remediation): Promise<'claimed' | 'over' | 'busy'> {
    // Locked before the query, or two plans that start at once would not see each other.
    const { status } = await this.incidents.lock(tenantId, incidentId);
    const others = await this.unitOfWork.query(
      tenantId,
      `SELECT 1 FROM remediations
        WHERE tenant_id = $1 AND incident_id = $2 AND status = 'executing' AND remediation_id <> $3 LIMIT 1`,
      [tenantId, incidentId, remediationId],
    );
    if (others.length > 0) return 'busy';
    if (isOver(status)) return 'over';
    const { moved } = await this.incidents.advance(tenantId, incidentId, { happened: 'execution_started' });
    return moved ? 'claimed' : 'busy';
  }
}

export function isOver(status: IncidentSnapshot['status']): boolean {
  return status === 'resolved' || status === 'closed';
}

export function incidentNotWaiting(): Refusal {
  return new Refusal(
    'conflict',
    'The incident takes no remediation now: it has ended, is being investigated, or another plan is executing.',
  );
}
