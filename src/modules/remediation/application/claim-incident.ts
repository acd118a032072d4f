import { Injectable } from '@nestjs/common';
import { Refusal } from '#kernel/domain/errors';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle, type IncidentSnapshot } from '#modules/ingestion/api';
import type { Remediation } from '../domain/remediation.js';

/**
 * Puts the incident into the hands of a plan. One plan at a time: the end of another would move the incident on while
 * this one is carried out, and its own end would find an incident that does not wait for it.
 */
@Injectable()
export class ClaimIncident {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly incidents: IncidentLifecycle,
  ) {}

  /**
   * In the transaction that sets the plan going.
   * @returns `claimed`, or with nothing changed `over` when it has ended, `busy` while it is investigated or another plan
   *   of it is under way
   */
  async execute({ tenantId, incidentId, remediationId }: Remediation): Promise<'claimed' | 'over' | 'busy'> {
    // Held before the others are looked at, or two that begin at once would not see each other.
    const { status } = await this.incidents.hold(tenantId, incidentId);
    const others = await this.unitOfWork.query(
      tenantId,
      `SELECT 1 FROM remediations
        WHERE tenant_id = $1 AND incident_id = $2 AND status = 'executing' AND remediation_id <> $3 LIMIT 1`,
      [tenantId, incidentId, remediationId],
    );
    if (others.length > 0) return 'busy';
    if (isOver(status)) return 'over';
    const { moved } = await this.incidents.tell(tenantId, incidentId, { happened: 'execution_started' });
    return moved ? 'claimed' : 'busy';
  }
}

export function isOver(status: IncidentSnapshot['status']): boolean {
  return status === 'resolved' || status === 'closed';
}

export function waitsForNoPlan(): Refusal {
  return new Refusal(
    'conflict',
    'The incident waits for no remediation: it is resolved, or being worked on.',
  );
}
