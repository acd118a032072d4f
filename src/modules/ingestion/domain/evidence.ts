import type { TenantId } from '#kernel/domain/ids';
import type { EvidenceType } from './evidence-rows.js';

export interface EvidenceHeader {
  readonly evidenceId: string;
  readonly incidentId: string;
  readonly type: EvidenceType;
  readonly source: string;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly accepted: number;
  readonly rejected: number;
  readonly attachedAt: Date;
}

/** Evidence without its rows. */
export type StoredEvidence = Omit<EvidenceHeader, 'incidentId' | 'rejected'>;

/**
 * Stores attached evidence. Rows are written first, in batches; the evidence exists once its header is written. Rows whose
 * header is missing, since the server was killed in between, are purged after a day.
 */
export abstract class EvidenceStore {
  /** @param rows a JSON array */
  abstract addRows(tenantId: TenantId, evidenceId: string, batch: number, rows: string): Promise<void>;
  /** @throws Refusal `not_found` if the incident was deleted since */
  abstract addHeader(tenantId: TenantId, header: EvidenceHeader): Promise<void>;
  abstract dropRows(tenantId: TenantId, evidenceId: string): Promise<void>;
  /** Oldest first. */
  abstract headers(
    tenantId: TenantId,
    incidentId: string,
    page: { readonly after: string; readonly limit: number },
  ): Promise<StoredEvidence[]>;
  abstract batch(tenantId: TenantId, evidenceId: string, batch: number): Promise<string | undefined>;
}
