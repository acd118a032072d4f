import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { FeedbackType } from '../domain/pattern.js';
import { type Feedback, Sightings } from '../domain/patterns.js';

@Injectable()
export class SqlSightings extends Sightings {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async lock(tenantId: TenantId): Promise<void> {
    await this.unitOfWork.takeLock(tenantId, 'knowledge');
  }

  async patternOf(tenantId: TenantId, incidentId: string): Promise<string | undefined> {
    const [row] = await this.unitOfWork.query<{ pattern_id: string }>(
      tenantId,
      `SELECT pattern_id FROM pattern_sightings WHERE tenant_id = $1 AND incident_id = $2`,
      [tenantId, incidentId],
    );
    return row?.pattern_id;
  }

  async record(tenantId: TenantId, incidentId: string, patternId: string): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO pattern_sightings (tenant_id, incident_id, pattern_id) VALUES ($1, $2, $3)`,
      [tenantId, incidentId, patternId],
    );
  }

  async saveFeedback(tenantId: TenantId, feedback: Feedback): Promise<void> {
    const { incidentId, patternId, type, comment, givenBy, createdAt } = feedback;
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO pattern_feedback (tenant_id, incident_id, pattern_id, type, comment, given_by, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [tenantId, incidentId, patternId, type, comment, givenBy, createdAt],
    );
  }

  async claimPendingFeedback(
    tenantId: TenantId,
    incidentId: string,
    patternId: string,
  ): Promise<FeedbackType[]> {
    const rows = await this.unitOfWork.query<{ type: FeedbackType }>(
      tenantId,
      `WITH taken AS (
         UPDATE pattern_feedback SET pattern_id = $3
          WHERE tenant_id = $1 AND incident_id = $2 AND pattern_id IS NULL RETURNING type, place
       ) SELECT type FROM taken ORDER BY place`,
      [tenantId, incidentId, patternId],
    );
    return rows.map(({ type }) => type);
  }
}
