import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import {
  RunRecords,
  type EvidenceRecord,
  type NewEvidence,
  type NamedHypothesis,
  type RankedHypothesis,
} from '../domain/run-records.js';
import { finding, type Finding, type FindingFacts } from '../domain/finding.js';

const FIRST_PAGE = { after: '', limit: 10_000 };

@Injectable()
export class SqlRunRecords extends RunRecords {
  constructor(private readonly unitOfWork: UnitOfWork) {
    super();
  }

  async addEvidence(
    tenantId: TenantId,
    investigationId: string,
    evidence: readonly NewEvidence[],
  ): Promise<void> {
    if (evidence.length === 0) return;
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO investigation_evidence (tenant_id, investigation_id, evidence_id, type, source, agent_name, summary,
         observed_at, query, content, content_hash, origin, rows)
       SELECT $1, $2, e.* FROM json_to_recordset($3) AS e ("evidenceId" text, type text, source text, "agentName" text,
         summary text, "observedAt" timestamptz, query text, content text, "contentHash" text, origin text, rows json)
       ON CONFLICT DO NOTHING`,
      [tenantId, investigationId, `[${evidence.map(jsonOf).join()}]`],
    );
  }

  async storedRows(
    tenantId: TenantId,
    investigationId: string,
    evidenceIds: readonly string[],
  ): Promise<{ evidenceId: string; rows: string }[]> {
    return this.unitOfWork.query(
      tenantId,
      `SELECT evidence_id AS "evidenceId", rows::text FROM investigation_evidence
        WHERE tenant_id = $1 AND investigation_id = $2 AND evidence_id = ANY ($3) AND rows IS NOT NULL
        ORDER BY evidence_id`,
      [tenantId, investigationId, evidenceIds],
    );
  }

  async evidence(
    tenantId: TenantId,
    investigationId: string,
    { after, limit }: { readonly after: string; readonly limit: number } = FIRST_PAGE,
  ): Promise<EvidenceRecord[]> {
    return this.unitOfWork.query<EvidenceRecord>(
      tenantId,
      `SELECT evidence_id AS "evidenceId", type, source, agent_name AS "agentName", summary,
              observed_at AS "observedAt", query, content, content_hash AS "contentHash", origin
         FROM investigation_evidence
        WHERE tenant_id = $1 AND investigation_id = $2 AND evidence_id > $3 ORDER BY evidence_id LIMIT $4`,
      [tenantId, investigationId, after, limit],
    );
  }

  async addFindings(
    tenantId: TenantId,
    investigationId: string,
    stepIndex: number,
    findings: readonly Finding[],
  ): Promise<void> {
    if (findings.length === 0) return;
    const key = [tenantId, investigationId, stepIndex];
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO findings (tenant_id, investigation_id, step_index, place, facts)
       SELECT $1, $2, $3, place, facts FROM json_array_elements($4) WITH ORDINALITY AS f (facts, place)`,
      [...key, JSON.stringify(findings.map(({ evidenceIds: _cited, ...facts }) => facts))],
    );
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO finding_citations (tenant_id, investigation_id, step_index, place, evidence_id)
       SELECT $1, $2, $3, place, evidence_id
         FROM json_array_elements($4) WITH ORDINALITY AS f (cited, place), json_array_elements_text(cited) AS evidence_id`,
      [...key, JSON.stringify(findings.map(({ evidenceIds }) => evidenceIds))],
    );
  }

  async findings(
    tenantId: TenantId,
    investigationIds: readonly string[],
  ): Promise<{ investigationId: string; stepIndex: number; finding: Finding }[]> {
    const rows = await this.unitOfWork.query<FindingRow>(
      tenantId,
      `SELECT f.investigation_id, f.step_index, f.facts,
              ARRAY(SELECT c.evidence_id FROM finding_citations c
                     WHERE (c.tenant_id, c.investigation_id, c.step_index, c.place)
                         = (f.tenant_id, f.investigation_id, f.step_index, f.place)) AS evidence_ids
         FROM findings f WHERE f.tenant_id = $1 AND f.investigation_id = ANY ($2)
        ORDER BY f.investigation_id, f.step_index, f.place`,
      [tenantId, investigationIds],
    );
    return rows.map(({ investigation_id, step_index, facts, evidence_ids }) => ({
      investigationId: investigation_id,
      stepIndex: step_index,
      finding: finding({ ...facts, evidenceIds: evidence_ids }),
    }));
  }

  async addHypotheses(
    tenantId: TenantId,
    investigationId: string,
    hypotheses: readonly NamedHypothesis[],
  ): Promise<void> {
    if (hypotheses.length === 0) return;
    await this.unitOfWork.query(
      tenantId,
      `INSERT INTO hypotheses (tenant_id, investigation_id, place, hypothesis_id, statement, score, status, because,
         proposed_by, supported_by, contradicted_by)
       SELECT $1, $2, place, h->>'hypothesisId', h->>'statement', (h->>'score')::float8, h->>'status', h->>'because',
              h->>'proposedBy',
              ARRAY(SELECT json_array_elements_text(h->'supportedBy')),
              ARRAY(SELECT json_array_elements_text(h->'contradictedBy'))
         FROM json_array_elements($3) WITH ORDINALITY AS l (h, place)`,
      [tenantId, investigationId, JSON.stringify(hypotheses)],
    );
  }

  async hypotheses(tenantId: TenantId, investigationIds: readonly string[]): Promise<RankedHypothesis[]> {
    return this.unitOfWork.query<RankedHypothesis>(
      tenantId,
      `SELECT investigation_id AS "investigationId", hypothesis_id AS "hypothesisId", statement, score, status, because,
              proposed_by AS "proposedBy", supported_by AS "supportedBy", contradicted_by AS "contradictedBy"
         FROM hypotheses WHERE tenant_id = $1 AND investigation_id = ANY ($2) ORDER BY investigation_id, place`,
      [tenantId, investigationIds],
    );
  }
}

/** `rows` is JSON already and may be large, so it is inserted as it is instead of being parsed and written again. */
function jsonOf({ rows, ...record }: NewEvidence): string {
  return `${JSON.stringify(record).slice(0, -1)},"rows":${rows ?? 'null'}}`;
}

interface FindingRow {
  investigation_id: string;
  step_index: number;
  facts: Omit<FindingFacts, 'evidenceIds'>;
  evidence_ids: string[];
}
