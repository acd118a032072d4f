import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { notFound } from '#kernel/domain/errors';
import { isId, type TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { Remediation } from '../domain/remediation.js';

export type PendingApproval = Pick<
  Remediation,
  | 'approvalId' | 'remediationId' | 'incidentId' | 'title' | 'planDigest' | 'steps' | 'approvalsRequired' | 'approvals'
  | 'approvalExpiresAt'
>; // prettier-ignore

const LIST = 'approvals:pending';

/** Plans that wait for approval. */
@Injectable()
export class PendingApprovals {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  /** Oldest first. */
  async page(
    tenantId: TenantId,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<PendingApproval>> {
    const [after = null] = this.cursors.open(tenantId, LIST, cursor) ?? [];
    const rows = await this.unitOfWork.query<PendingApproval>(
      tenantId,
      `SELECT approval_id AS "approvalId", remediation_id AS "remediationId", incident_id AS "incidentId", title,
              plan_digest AS "planDigest", steps, approvals_required AS "approvalsRequired", approvals,
              approval_expires_at AS "approvalExpiresAt"
         FROM remediations
        WHERE tenant_id = $1 AND status = 'proposed' AND approval_expires_at > $2
          AND ($3::text IS NULL OR approval_id > $3)
        ORDER BY approval_id LIMIT $4`,
      [tenantId, this.clock.now(), after, limit + 1],
    );
    return this.cursors.page(rows, {
      tenantId,
      list: LIST,
      limit,
      position: ({ approvalId }) => [approvalId],
    });
  }

  /** @throws Refusal `not_found` */
  async remediationOf(tenantId: TenantId, approvalId: string): Promise<string> {
    if (!isId('apr', approvalId)) throw notFound('approval');
    const [row] = await this.unitOfWork.query<{ remediation_id: string }>(
      tenantId,
      'SELECT remediation_id FROM approvals WHERE tenant_id = $1 AND approval_id = $2',
      [tenantId, approvalId],
    );
    if (!row) throw notFound('approval');
    return row.remediation_id;
  }
}
