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

/** Where a page of a list begins: after the place of the last incident of the page before. */
export interface IncidentPlace extends IncidentFilter {
  readonly tenantId: TenantId;
  readonly after: Position | undefined;
}

/** What an incident is, as the index of words knows it too. */
export const FACETS = ['status', 'severity', 'service', 'environment', 'source'] as const;

/** An id is made within moments of `created_at`; this much apart they are never. */
const SLACK_MS = 60_000;

const WORDS = 'coalesce(words, words_of(title, description))';

/** Adds a parameter. @returns what stands for it in the text */
export type Bind = (value: unknown) => string;

export function parametersOf(tenantId: TenantId): { parameters: unknown[]; bind: Bind } {
  const parameters: unknown[] = [tenantId];
  return { parameters, bind: (value) => `$${parameters.push(value)}` };
}

export function check(place: IncidentFilter, leading: string | undefined, bind: Bind): string[] {
  const facets = FACETS.filter((facet) => place[facet] !== undefined && facet !== leading);
  return [
    ...facets.map((facet) => `${facet} = ${bind(place[facet])}`),
    ...(place.q === undefined ? [] : [`${WORDS} @@ websearch_to_tsquery('simple', ${bind(place.q)})`]),
  ];
}

export function made({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`created_at >= ${bind(from)}`]),
    ...(to === undefined ? [] : [`created_at < ${bind(to)}`]),
  ];
}

/** The same, nearly, by what the index is sorted by. */
export function madeNear({ from, to }: IncidentFilter, bind: Bind): string[] {
  return [
    ...(from === undefined ? [] : [`incident_id >= ${bind(idNear(from, -1))}`]),
    ...(to === undefined ? [] : [`incident_id < ${bind(idNear(to, 1))}`]),
  ];
}

/** The same again by the second that an id tells, which the indexes of statuses and services know instead of the id. */
export function seconds({ from, to, sort, order, after }: IncidentPlace, bind: Bind): string[] {
  const passed = sort === 'createdAt' ? after?.at(-1) : undefined;
  return [
    ...(from === undefined ? [] : [`second >= ${bind(secondOf(idNear(from, -1)))}`]),
    ...(to === undefined ? [] : [`second <= ${bind(secondOf(idNear(to, 1)))}`]),
    ...(passed === undefined
      ? []
      : [`second ${order === 'asc' ? '>=' : '<='} ${bind(secondOf(String(passed)))}`]),
  ];
}

/** As the column of that name has it. */
function secondOf(incidentId: string): string {
  return incidentId.slice(0, 12);
}

export function bySecond({ order }: IncidentFilter): string {
  return `ORDER BY second ${order}, incident_id ${order}`;
}

function idNear(moment: string, direction: 1 | -1): string {
  return leastIdAt('inc', new Date(Date.parse(moment) + direction * SLACK_MS));
}

export function beyond(place: IncidentPlace, bind: Bind): string[] {
  const { after, order } = place;
  if (!after) return [];
  return [`(${keyOf(place).join(', ')}) ${order === 'asc' ? '>' : '<'} (${after.map(bind).join(', ')})`];
}

export function orderOf(filter: IncidentFilter): string {
  const columns = keyOf(filter).map((column) => `${column} ${filter.order}`);
  return `ORDER BY ${columns.join(', ')}`;
}

function keyOf({ sort }: IncidentFilter): string[] {
  return sort === 'createdAt' ? ['incident_id'] : ['updated_at', 'incident_id'];
}
