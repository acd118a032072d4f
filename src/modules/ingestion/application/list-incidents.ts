import { Injectable } from '@nestjs/common';
import type { TenantId } from '#kernel/domain/ids';
import { Cursors, type Page } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { IncidentSource, IncidentStatus, Severity } from '../events.js';
import type { IncidentRow } from './incident-row.js';

export interface IncidentFilter {
  readonly status?: IncidentStatus;
  readonly severity?: Severity;
  readonly service?: string;
  readonly environment?: string;
  readonly source?: IncidentSource;
  readonly q?: string;
  readonly from?: string;
  readonly to?: string;
  readonly sort: 'createdAt' | 'updatedAt';
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor?: string;
}

/** Incidents of a tenant, filtered, a page at a time. Ids sort by the time they were made, so they stand in for it. */
@Injectable()
export class ListIncidents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
  ) {}

  async execute(tenantId: TenantId, filter: IncidentFilter): Promise<Page<IncidentRow>> {
    const { sort, order, limit } = filter;
    const list = `incidents:${sort}:${order}`;
    const after = this.cursors.open(tenantId, list, filter.cursor);
    const parameters: unknown[] = [tenantId];
    const bind = (value: unknown): string => `$${parameters.push(value)}`;

    const conditions = ['tenant_id = $1'];
    for (const column of ['status', 'severity', 'service', 'environment', 'source'] as const) {
      if (filter[column] !== undefined) conditions.push(`${column} = ${bind(filter[column])}`);
    }
    if (filter.from !== undefined) conditions.push(`created_at >= ${bind(filter.from)}`);
    if (filter.to !== undefined) conditions.push(`created_at < ${bind(filter.to)}`);
    if (filter.q !== undefined) {
      conditions.push(`incident_id IN (SELECT s.incident_id FROM search_incidents(${bind(filter.q)}) s)`);
    }
    const key = sort === 'createdAt' ? ['incident_id'] : ['updated_at', 'incident_id'];
    if (after) {
      const comparison = order === 'asc' ? '>' : '<';
      conditions.push(`(${key.join(', ')}) ${comparison} (${after.map(bind).join(', ')})`);
    }
    const rows = await this.unitOfWork.query<IncidentRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM incidents WHERE ${conditions.join(' AND ')}
        ORDER BY ${key.map((column) => `${column} ${order}`).join(', ')} LIMIT ${bind(limit + 1)}`,
      parameters,
    );
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ incidentId, updatedAt }) =>
        sort === 'createdAt' ? [incidentId] : [updatedAt.toISOString(), incidentId],
      item: (row) => row,
    });
  }
}

const COLUMNS = `incident_id AS "incidentId", title, description, severity, status, source, provider,
  source_alert_id AS "sourceAlertId", service, environment, tags, metadata, root_cause AS "rootCause", confidence,
  recommended_actions AS "recommendedActions", alert_count AS "alertCount", created_at AS "createdAt",
  updated_at AS "updatedAt", resolved_at AS "resolvedAt"`;
