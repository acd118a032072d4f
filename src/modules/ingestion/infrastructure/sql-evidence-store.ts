import { Injectable } from '@nestjs/common';
import { notFound } from '#kernel/domain/errors';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { callContext } from '#kernel/tenancy/call-context';
import { EvidenceStore, type EvidenceHeader, type StoredEvidence } from '../domain/evidence.js';

@Injectable()
export class SqlEvidenceStore extends EvidenceStore {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async addRows(tenantId: TenantId, evidenceId: string, batch: number, rows: string): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO incident_evidence_chunks (tenant_id, evidence_id, chunk, content, unfinished_since)
       VALUES ($1, $2, $3, $4, now())`,
      [tenantId, evidenceId, batch, rows],
    );
  }

  async addHeader(tenantId: TenantId, header: EvidenceHeader): Promise<void> {
    // The lock orders this after or before a deletion of the incident, which deletes the headers that it finds. No header without
    // rows: when the connection broke while this waits for the lock, they may have been dropped.
    const added = await this.unitOfWork.query(
      tenantId,
      `WITH incident AS MATERIALIZED (
         SELECT FROM incidents WHERE tenant_id = $1 AND incident_id = $3 FOR KEY SHARE
       ), finished AS (
         UPDATE incident_evidence_chunks SET unfinished_since = NULL FROM incident
          WHERE tenant_id = $1 AND evidence_id = $2 RETURNING chunk
       )
       INSERT INTO incident_evidence (tenant_id, evidence_id, incident_id, type, source, started_at, ended_at,
                                      accepted, rejected, attached_by, attached_at)
       SELECT $1, $2, $3, $4, $5, $6::timestamptz, $7::timestamptz, $8::integer, $9::integer, $10, $11::timestamptz
         FROM incident WHERE EXISTS (SELECT FROM finished)
       RETURNING evidence_id`,
      [
        tenantId,
        header.evidenceId,
        header.incidentId,
        header.type,
        header.source,
        header.startedAt,
        header.endedAt,
        header.accepted,
        header.rejected,
        callContext().actor,
        header.attachedAt,
      ],
    );
    if (added.length === 0) throw notFound('incident');
  }

  async dropRows(tenantId: TenantId, evidenceId: string): Promise<void> {
    await this.unitOfWork.query(
      tenantId,
      // The header may be stored although its answer was lost; then its rows stay.
      `DELETE FROM incident_evidence_chunks
        WHERE tenant_id = $1 AND evidence_id = $2 AND unfinished_since IS NOT NULL`,
      [tenantId, evidenceId],
    );
  }

  async headers(
    tenantId: TenantId,
    incidentId: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<StoredEvidence[]> {
    return this.unitOfWork.query<StoredEvidence>(
      tenantId,
      `SELECT evidence_id AS "evidenceId", type, source, started_at AS "startedAt", ended_at AS "endedAt",
              attached_at AS "attachedAt", accepted
         FROM incident_evidence WHERE tenant_id = $1 AND incident_id = $2 AND evidence_id > $3 ORDER BY evidence_id LIMIT $4`,
      [tenantId, incidentId, page.after, page.limit],
    );
  }

  async batch(tenantId: TenantId, evidenceId: string, batch: number): Promise<string | undefined> {
    const [row] = await this.unitOfWork.query<{ content: string }>(
      tenantId,
      `SELECT content::text FROM incident_evidence_chunks WHERE tenant_id = $1 AND evidence_id = $2 AND chunk = $3`,
      [tenantId, evidenceId, batch],
    );
    return row?.content;
  }
}
