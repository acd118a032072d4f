import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import type { Position } from '#kernel/http/page';
import type { IncidentSource, IncidentStatus, Severity } from '../events.js';
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

/** Where a page of a list begins: after the place of the last incident of the page before. */
export interface IncidentPlace extends IncidentFilter {
  readonly tenantId: TenantId;
  readonly after: Position | undefined;
}

interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** What an incident is, as the index of words knows it too. */
const FACETS = ['status', 'severity', 'service', 'environment', 'source'] as const;

/** How far a list is walked along in search of what is asked for. A page of what one in a hundred has is found so. */
const WALK = 2_000;

/** What a walk finds less of is not looked for in the first slots. */
const FEW_OF_A_WALK = 4;

const DAY_MS = 86_400_000;

/** An id is made within moments of `created_at`; this much apart they are never. */
const SLACK_MS = 60_000;

/** Walks along the list. Complete when it fills the page, or when the filter names one range of an index. */
export function walk(place: IncidentPlace): Query {
  const { tenantId, sort, limit, from } = place;
  const { parameters, bind } = parametersOf(tenantId);
  const ranged = ['tenant_id = $1', ...beyond(place, bind)];
  const leading = leadingFacet(place);
  if (leading !== undefined) ranged.push(`${leading} = ${bind(place[leading])}`);
  if (sort === 'createdAt') ranged.push(...madeNear(place, bind));
  else if (from !== undefined) ranged.push(`updated_at >= ${bind(from)}`);
  const checked = check(place, leading, bind);
  // The ids lead there alone: by the times too, the planner would think that they lead to few, and read them all.
  (isOneRange(place) ? ranged : checked).push(...made(place, bind));
  const passed =
    checked.length === 0
      ? `incidents WHERE ${ranged.join(' AND ')}`
      : `(SELECT * FROM incidents WHERE ${ranged.join(' AND ')} ${orderOf(place)} LIMIT ${WALK}) AS passed
          WHERE ${checked.join(' AND ')}`;
  return { sql: `SELECT ${COLUMNS} FROM ${passed} ${orderOf(place)} LIMIT ${bind(limit + 1)}`, parameters };
}

/**
 * Walks along what was made at some time, by update. The key alone tells both times, so all of that time is sorted before
 * anything is read. Complete when it fills the page, or when the filter names times alone.
 */
export function walkTimes(place: IncidentPlace): Query {
  const { tenantId, limit } = place;
  const { parameters, bind } = parametersOf(tenantId);
  const ranged = ['tenant_id = $1', ...madeNear(place, bind), ...made(place, bind), ...beyond(place, bind)];
  const checked = ['true', ...check(place, undefined, bind)];
  const most = isByTimesAlone(place) ? limit + 1 : WALK;
  // OFFSET 0 keeps the planner from following the index of updates, most of which are of other times.
  const passed = `(SELECT * FROM (SELECT tenant_id, incident_id, updated_at FROM incidents
                    WHERE ${ranged.join(' AND ')} OFFSET 0) AS made ${orderOf(place)} LIMIT ${most}) AS passed`;
  return {
    sql: `SELECT ${COLUMNS} FROM ${passed} JOIN incidents USING (tenant_id, incident_id, updated_at)
           WHERE ${checked.join(' AND ')} ${orderOf(place)} LIMIT ${bind(limit + 1)}`,
    parameters,
  };
}

/** Asks the index of words and facets. @param found what the walk found of it */
export function search(place: IncidentPlace, found: number, now: Date): Query {
  const { tenantId, sort, order, limit, q, from, to, after } = place;
  const byUpdate = sort === 'updatedAt';
  // A walk along one facet tells nothing about all incidents.
  const isRare = found < FEW_OF_A_WALK || leadingFacet(place) !== undefined;
  const facets = FACETS.flatMap((facet) => {
    const value = place[facet];
    return value === undefined ? [] : [`${facet[0]?.toUpperCase() ?? ''}${facet.slice(1)}=${value}`];
  });
  const sought = 'SELECT search_incidents($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)';
  return {
    sql: `${AMONG} (ARRAY(${sought})) ${orderOf(place)} LIMIT $11`,
    parameters: [
      ...[tenantId, q, facets, slotsOf(tenantId, { ...place, isRare }, after?.at(-1), now), from, to],
      ...[byUpdate, order === 'asc', byUpdate ? after?.[0] : undefined, after?.at(-1), limit + 1],
    ],
  };
}

export function isOneRange(place: IncidentPlace): boolean {
  const { sort, from, to, q } = place;
  // By update no range of creation times is a range of the index.
  if (q !== undefined || (sort === 'updatedAt' && (from ?? to) !== undefined)) return false;
  const leading = leadingFacet(place);
  return FACETS.every((facet) => place[facet] === undefined || facet === leading);
}

/** What was made before some time is seldom among what was changed last. */
export function isLongAgo({ sort, order, to }: IncidentFilter, now: Date): boolean {
  return (
    sort === 'updatedAt' && order === 'desc' && to !== undefined && Date.parse(to) < now.getTime() - DAY_MS
  );
}

export function isByTimesAlone(place: IncidentPlace): boolean {
  return place.q === undefined && FACETS.every((facet) => place[facet] === undefined);
}

/** The facet whose own index keeps the list's order. */
function leadingFacet({ sort, status, service }: IncidentFilter): 'status' | 'service' | undefined {
  if (sort === 'updatedAt') return undefined;
  if (status !== undefined) return 'status';
  return service === undefined ? undefined : 'service';
}

type Bind = (value: unknown) => string;

function parametersOf(tenantId: TenantId): { parameters: unknown[]; bind: Bind } {
  const parameters: unknown[] = [tenantId];
  return { parameters, bind: (value) => `$${parameters.push(value)}` };
}

function check(place: IncidentFilter, leading: string | undefined, bind: Bind): string[] {
  const facets = FACETS.filter((facet) => place[facet] !== undefined && facet !== leading);
  return [
    ...facets.map((facet) => `${facet} = ${bind(place[facet])}`),
    ...(place.q === undefined ? [] : [`words @@ websearch_to_tsquery('simple', ${bind(place.q)})`]),
  ];
}

function made({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`created_at >= ${bind(from)}`]),
    ...(to === undefined ? [] : [`created_at < ${bind(to)}`]),
  ];
}

/** The same, nearly, by what the index is sorted by. */
function madeNear({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`incident_id >= ${bind(idNear(from, -1))}`]),
    ...(to === undefined ? [] : [`incident_id < ${bind(idNear(to, 1))}`]),
  ];
}

function idNear(moment: string, direction: 1 | -1): string {
  return leastIdAt('inc', new Date(Date.parse(moment) + direction * SLACK_MS));
}

function beyond(place: IncidentPlace, bind: Bind): string[] {
  const { after, order } = place;
  if (!after) return [];
  return [`(${keyOf(place).join(', ')}) ${order === 'asc' ? '>' : '<'} (${after.map(bind).join(', ')})`];
}

function orderOf(filter: IncidentFilter): string {
  const columns = keyOf(filter).map((column) => `${column} ${filter.order}`);
  return `ORDER BY ${columns.join(', ')}`;
}

function keyOf({ sort }: IncidentFilter): string[] {
  return sort === 'createdAt' ? ['incident_id'] : ['updated_at', 'incident_id'];
}

const COLUMNS = `incident_id AS "incidentId", title, description, severity, status, source, provider,
  source_alert_id AS "sourceAlertId", service, environment, tags, metadata, root_cause AS "rootCause", confidence,
  recommended_actions AS "recommendedActions", alert_count AS "alertCount", created_at AS "createdAt",
  updated_at AS "updatedAt", resolved_at AS "resolvedAt"`;

const AMONG = `SELECT ${COLUMNS} FROM incidents WHERE tenant_id = $1 AND incident_id = ANY`;
