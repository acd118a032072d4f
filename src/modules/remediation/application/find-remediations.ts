import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { IncidentLifecycle } from '#modules/ingestion/api';
import { type ExecutedPlan, type ProposedPlan, Remediations } from '../api.js';
import type { Remediation } from '../domain/remediation.js';

export type RemediationRow = Pick<
  Remediation,
  | 'remediationId' | 'incidentId' | 'investigationId' | 'title' | 'status' | 'approvalId' | 'planDigest' | 'steps'
  | 'createdAt' | 'approvals' | 'executedAt' | 'durationMs'
>; // prettier-ignore

const COLUMNS = `remediation_id AS "remediationId", incident_id AS "incidentId", investigation_id AS "investigationId",
  title, status, approval_id AS "approvalId", plan_digest AS "planDigest", steps, created_at AS "createdAt", approvals,
  executed_at AS "executedAt", duration_ms AS "durationMs"`;

/** The remediations of an incident, newest first. */
@Injectable()
export class FindRemediations extends Remediations {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly incidents: IncidentLifecycle,
  ) {
    super();
  }

  /** @throws Refusal `not_found` when there is no such incident */
  async ofIncident(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<Page<RemediationRow>> {
    if (!(await this.incidents.find(tenantId, incidentId))) throw notFound('incident');
    const list = `remediations:${incidentId}`;
    const [before = null] = this.cursors.open(tenantId, list, cursor) ?? [];
    const rows = await this.unitOfWork.query<RemediationRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM remediations
        WHERE tenant_id = $1 AND incident_id = $2 AND ($3::text IS NULL OR remediation_id < $3)
        ORDER BY remediation_id DESC LIMIT $4`,
      [tenantId, incidentId, before, limit + 1],
    );
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ remediationId }) => [remediationId],
    });
  }

  async plan(tenantId: TenantId, remediationId: string): Promise<ProposedPlan | undefined> {
    return this.onePlan(tenantId, 'remediation_id = $2', remediationId);
  }

  async successfulPlan(tenantId: TenantId, incidentId: string): Promise<ExecutedPlan | undefined> {
    const newest = `incident_id = $2 AND status = 'completed' ORDER BY executed_at DESC LIMIT 1`;
    const plan = await this.onePlan(tenantId, newest, incidentId);
    return plan && { ...plan, outcome: 'success' };
  }

  private async onePlan(tenantId: TenantId, which: string, id: string): Promise<ProposedPlan | undefined> {
    const [row] = await this.unitOfWork.query<Pick<Remediation, 'remediationId' | 'title' | 'steps'>>(
      tenantId,
      `SELECT remediation_id AS "remediationId", title, steps FROM remediations WHERE tenant_id = $1 AND ${which}`,
      [tenantId, id],
    );
    const steps = row?.steps.map(({ action, description, params }) => ({ action, description, params }));
    return row && steps && { ...row, steps };
  }
}
