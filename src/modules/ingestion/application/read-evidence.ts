import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { type AttachedEvidence, IncidentEvidence } from '../api.js';
import { EvidenceStore } from '../domain/evidence.js';

/** Gives other modules the evidence of an incident. */
@Injectable()
export class ReadEvidence extends IncidentEvidence {
  constructor(private readonly store: EvidenceStore) {
    super();
  }

  async of(tenantId: TenantId, incidentId: string, limit: number): Promise<AttachedEvidence[]> {
    return this.store.headers(tenantId, incidentId, { after: '', limit });
  }

  async *rows(tenantId: TenantId, evidenceId: string): AsyncIterable<string> {
    for (let batch = 0; ; batch += 1) {
      const rows = await this.store.batch(tenantId, evidenceId, batch);
      if (!rows) return;
      yield rows;
    }
  }
}
