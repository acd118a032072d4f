import { leastIdAt, type TenantId } from '#kernel/domain/ids';
import type { Position } from '#kernel/http/page';
import type { Severity } from '#kernel/domain/severity';
import type { IncidentSource, IncidentStatus } from '../events.js';

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

/** One page of a list of incidents. */
export interface IncidentPageRequest extends IncidentFilter {
  readonly tenantId: TenantId;
  /** The keyset cursor: the sort key of the last incident on the previous page. */
  readonly after: Position | undefined;
}

/** Columns that are filtered by equality. The full-text index has a lexeme for each of them. */
export const FACETS = ['status', 'severity', 'service', 'environment', 'source'] as const;
export type Facet = (typeof FACETS)[number];

/** An upper bound of the clock skew between replicas, and of the time between an id and its `created_at`. */
export const CLOCK_SKEW_MS = 60_000;

const WORDS = 'coalesce(words, words_of(title, description))';

export interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/** Adds a parameter. @returns its placeholder */
export type Bind = (value: unknown) => string;

export function parametersOf(tenantId: TenantId): { parameters: unknown[]; bind: Bind } {
  const parameters: unknown[] = [tenantId];
  return { parameters, bind: (value) => `$${parameters.push(value)}` };
}

export function allOf(conditions: readonly string[]): string {
  return conditions.join(' AND ');
}

export function facetsOf(filter: IncidentFilter): Facet[] {
  return FACETS.filter((facet) => filter[facet] !== undefined);
}

/** Facets and search text, without the facet that an index range covers already. */
export function matches(filter: IncidentFilter, bind: Bind, covered?: Facet): string[] {
  const facets = facetsOf(filter).filter((facet) => facet !== covered);
  return [
    ...facets.map((facet) => `${facet} = ${bind(filter[facet])}`),
    ...(filter.q === undefined ? [] : [`${WORDS} @@ websearch_to_tsquery('simple', ${bind(filter.q)})`]),
  ];
}

export function createdBetween({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`created_at >= ${bind(from)}`]),
    ...(to === undefined ? [] : [`created_at < ${bind(to)}`]),
  ];
}

/** The same range, widened by the clock skew, as a range of the primary key. */
export function idBetween({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`incident_id >= ${bind(idAt(from, -CLOCK_SKEW_MS))}`]),
    ...(to === undefined ? [] : [`incident_id < ${bind(idAt(to, CLOCK_SKEW_MS))}`]),
  ];
}

/** The same range again for the indexes of statuses and services, which have the second of an id instead of the id. */
export function secondBetween({ from, to, sort, order, after }: IncidentPageRequest, bind: Bind): string[] {
  const lastId = sort === 'createdAt' ? after?.at(-1) : undefined;
  return [
    ...(from === undefined ? [] : [`second >= ${bind(secondOf(idAt(from, -CLOCK_SKEW_MS)))}`]),
    ...(to === undefined ? [] : [`second <= ${bind(secondOf(idAt(to, CLOCK_SKEW_MS)))}`]),
    ...(lastId === undefined
      ? []
      : [`second ${order === 'asc' ? '>=' : '<='} ${bind(secondOf(String(lastId)))}`]),
  ];
}

/**
 * The range of creation times once more, as two conditions. PostgreSQL combines them in a bitmap scan, the only one that reads pages
 * ahead: rows of one status or service are on pages of their own.
 */
export function secondBetweenReadAhead({ from, to }: IncidentFilter, bind: Bind): string {
  const first = bind(from === undefined ? '' : secondOf(idAt(from, -CLOCK_SKEW_MS)));
  const last = bind(to === undefined ? '~' : secondOf(idAt(to, CLOCK_SKEW_MS)));
  return `(second = ${first} OR second > ${first} AND second <= ${last})`;
}

/** The generated column `second`: the prefix and the first digits of an id. */
function secondOf(incidentId: string): string {
  return incidentId.slice(0, 12);
}

function idAt(time: string, offsetMs: number): string {
  return leastIdAt('inc', new Date(Date.parse(time) + offsetMs));
}

export function afterCursor(page: IncidentPageRequest, bind: Bind): string[] {
  const { after, order } = page;
  if (!after) return [];
  return [`(${sortKeyOf(page).join(', ')}) ${order === 'asc' ? '>' : '<'} (${after.map(bind).join(', ')})`];
}

export function orderBySortKey(filter: IncidentFilter): string {
  const columns = sortKeyOf(filter).map((column) => `${column} ${filter.order}`);
  return `ORDER BY ${columns.join(', ')}`;
}

/** The order of `createdAt` in the indexes of statuses and services. */
export function orderBySecond({ order }: IncidentFilter): string {
  return `ORDER BY second ${order}, incident_id ${order}`;
}

/** Ids sort by the time of their creation. */
function sortKeyOf({ sort }: IncidentFilter): string[] {
  return sort === 'createdAt' ? ['incident_id'] : ['updated_at', 'incident_id'];
}
