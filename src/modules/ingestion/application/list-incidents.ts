import { Injectable } from '@nestjs/common';
import { Clock } from '#kernel/domain/clock';
import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import { Cursors, type Page, type Position } from '#kernel/http/page';
import { UnitOfWork } from '#kernel/persistence/unit-of-work';
import type { IncidentSource, IncidentStatus, Severity } from '../events.js';
import type { IncidentRow } from './incident-row.js';
import { slotsOf } from './incident-slots.js';

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

/** What an incident is, as the index of words knows it too. */
const FACETS = ['status', 'severity', 'service', 'environment', 'source'] as const;

/** How far a list is walked along in search of what is asked for. A page of what one in a hundred has is found so. */
const WALK = 2_000;

/** An id is made within moments of `created_at`; this much apart they are never. */
const SLACK_MS = 60_000;

/**
 * Incidents of a tenant, filtered, a page at a time. Ids sort by the time they were made, so they stand in for it.
 * What is common is found by walking along the list, what is rare by the index of words: either is slow at the other.
 */
@Injectable()
export class ListIncidents {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async execute(tenantId: TenantId, filter: IncidentFilter): Promise<Page<IncidentRow>> {
    const { sort, order, limit } = filter;
    const list = `incidents:${sort}:${order}`;
    const after = this.cursors.open(tenantId, list, filter.cursor);
    let rows = await this.walk(tenantId, filter, after);
    if (rows.length <= limit && !isOneRange(filter)) rows = await this.search(tenantId, filter, after);
    return this.cursors.page(rows, {
      tenantId,
      list,
      limit,
      position: ({ incidentId, updatedAt }) =>
        sort === 'createdAt' ? [incidentId] : [updatedAt.toISOString(), incidentId],
      item: (row) => row,
    });
  }

  /** Complete when it fills the page, or when the filter names one range of an index. */
  private walk(
    tenantId: TenantId,
    filter: IncidentFilter,
    after: Position | undefined,
  ): Promise<IncidentRow[]> {
    const { sort, order, limit, from, to, q } = filter;
    const parameters: unknown[] = [tenantId];
    const bind = (value: unknown): string => `$${parameters.push(value)}`;
    const ranged = ['tenant_id = $1'];
    const checked: string[] = [];

    const leading = leadingFacet(filter);
    for (const facet of FACETS) {
      if (filter[facet] === undefined) continue;
      (facet === leading ? ranged : checked).push(`${facet} = ${bind(filter[facet])}`);
    }
    // By the time of the change no range of creation times is a range of the index.
    const created = sort === 'createdAt' || isOneRange(filter) ? ranged : checked;
    if (from !== undefined) {
      created.push(`created_at >= ${bind(from)}`);
      ranged.push(
        sort === 'createdAt' ? `incident_id >= ${bind(idNear(from, -1))}` : `updated_at >= ${bind(from)}`,
      );
    }
    if (to !== undefined) created.push(`created_at < ${bind(to)}`, `incident_id < ${bind(idNear(to, 1))}`);
    if (q !== undefined) checked.push(`words @@ websearch_to_tsquery('simple', ${bind(q)})`);
    const key = sort === 'createdAt' ? ['incident_id'] : ['updated_at', 'incident_id'];
    if (after) {
      const comparison = order === 'asc' ? '>' : '<';
      ranged.push(`(${key.join(', ')}) ${comparison} (${after.map(bind).join(', ')})`);
    }
    const inOrder = `ORDER BY ${key.map((column) => `${column} ${order}`).join(', ')}`;
    const passed =
      checked.length === 0
        ? `incidents WHERE ${ranged.join(' AND ')}`
        : `(SELECT * FROM incidents WHERE ${ranged.join(' AND ')} ${inOrder} LIMIT ${WALK}) AS passed
            WHERE ${checked.join(' AND ')}`;
    return this.unitOfWork.query<IncidentRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM ${passed} ${inOrder} LIMIT ${bind(limit + 1)}`,
      parameters,
    );
  }

  private search(
    tenantId: TenantId,
    filter: IncidentFilter,
    after: Position | undefined,
  ): Promise<IncidentRow[]> {
    const { sort, order, limit, q, from, to } = filter;
    const byUpdate = sort === 'updatedAt';
    const facets = FACETS.flatMap((facet) => {
      const value = filter[facet];
      return value === undefined ? [] : [`${facet[0]?.toUpperCase() ?? ''}${facet.slice(1)}=${value}`];
    });
    return this.unitOfWork.query<IncidentRow>(
      tenantId,
      `SELECT ${COLUMNS} FROM incidents
        WHERE tenant_id = $1
          AND incident_id = ANY (ARRAY(SELECT search_incidents($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)))
        ORDER BY ${byUpdate ? `updated_at ${order}, ` : ''}incident_id ${order}`,
      [
        tenantId,
        q,
        facets,
        slotsOf(tenantId, filter, after?.at(-1), this.clock.now()),
        from,
        to,
        byUpdate,
        order === 'asc',
        byUpdate ? after?.[0] : undefined,
        after?.at(-1),
        limit + 1,
      ],
    );
  }
}

/** The facet whose own index keeps the list's order. */
function leadingFacet({ sort, status, service }: IncidentFilter): 'status' | 'service' | undefined {
  if (sort === 'updatedAt') return undefined;
  if (status !== undefined) return 'status';
  return service === undefined ? undefined : 'service';
}

function isOneRange(filter: IncidentFilter): boolean {
  const leading = leadingFacet(filter);
  return filter.q === undefined && FACETS.every((facet) => filter[facet] === undefined || facet === leading);
}

function idNear(moment: string, direction: 1 | -1): string {
  return leastIdAt('inc', new Date(Date.parse(moment) + direction * SLACK_MS));
}

const COLUMNS = `incident_id AS "incidentId", title, description, severity, status, source, provider,
  source_alert_id AS "sourceAlertId", service, environment, tags, metadata, root_cause AS "rootCause", confidence,
  recommended_actions AS "recommendedActions", alert_count AS "alertCount", created_at AS "createdAt",
  updated_at AS "updatedAt", resolved_at AS "resolvedAt"`;
