import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { EvidenceStore, type StoredEvidence } from '../domain/evidence.js';
import { Incidents } from '../domain/incidents.js';

/** The evidence attached to an incident, oldest first. */
@Injectable()
export class ListEvidence {
  constructor(
    private readonly incidents: Incidents,
    private readonly store: EvidenceStore,
    private readonly cursors: Cursors,
  ) {}

  async execute(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<Page<StoredEvidence>> {
    const list = `evidence:${incidentId}`;
    const [after = ''] = this.cursors.open(tenantId, list, cursor) ?? [];
    await this.incidents.get(tenantId, incidentId);
    const rows = await this.store.headers(tenantId, incidentId, { after: String(after), limit: limit + 1 });
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ evidenceId }) => [evidenceId],
    });
  }
}
