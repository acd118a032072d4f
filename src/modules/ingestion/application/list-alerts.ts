import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import { Incidents } from '../domain/incidents.js';

export interface AlertRow {
  readonly provider: string;
  readonly sourceAlertId: string | null;
  readonly duplicates: number;
  readonly raw: Buffer;
  readonly receivedAt: Date;
  readonly lastSeenAt: Date;
}

/** The alerts behind an incident, as they were sent, oldest first. */
@Injectable()
export class ListAlerts {
  constructor(
    private readonly incidents: Incidents,
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async execute(
    tenantId: TenantId,
    incidentId: string,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<Page<AlertRow>> {
    const list = `alerts:${incidentId}`;
    const [after = null] = this.cursors.open(tenantId, list, cursor) ?? [];
    await this.incidents.get(tenantId, incidentId);
    const rows = await this.unitOfWork.query<AlertRow>(
      tenantId,
      `SELECT split_part(provider, '/', 1) AS provider, source_alert_id AS "sourceAlertId", duplicates::int AS duplicates,
              coalesce(raw, (SELECT b.raw FROM alert_bodies b WHERE b.tenant_id = $1 AND b.body_id = alerts.body_id)) AS raw,
              received_at AS "receivedAt", last_seen_at AS "lastSeenAt"
         FROM alerts WHERE tenant_id = $1 AND incident_id = $2 AND received_at > coalesce($3::timestamptz, '-infinity')
        ORDER BY received_at LIMIT $4`,
      [tenantId, incidentId, after, limit + 1],
    );
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ receivedAt }) => [receivedAt.toISOString()],
    });
  }
}
