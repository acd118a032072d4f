import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { EvidenceShelf, type ShelvedEvidence } from '../domain/evidence.js';
import { Incidents } from '../domain/incidents.js';

/** What was attached to an incident, oldest first. */
@Injectable()
export class ListEvidence {
  constructor(
    private readonly incidents: Incidents,
    private readonly shelf: EvidenceShelf,
    private readonly cursors: Cursors,
  ) {}

  async execute(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<Page<ShelvedEvidence>> {
    const list = `evidence:${incidentId}`;
    const [after = ''] = this.cursors.open(tenantId, list, cursor) ?? [];
    await this.incidents.get(tenantId, incidentId);
    const rows = await this.shelf.headers(tenantId, incidentId, { after: String(after), limit: limit + 1 });
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ evidenceId }) => [evidenceId],
    });
  }
}
