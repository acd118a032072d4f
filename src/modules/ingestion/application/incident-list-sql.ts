import {
  afterCursor,
  allOf,
  type Bind,
  createdBetween,
  type Facet,
  facetsOf,
  idBetween,
  type IncidentFilter,
  type IncidentPageRequest,
  matches,
  orderBySecond,
  orderBySortKey,
  parametersOf,
  type Query,
  secondBetween,
  secondBetweenReadAhead,
} from './incident-conditions.js';
import { INCIDENT_COLUMNS } from './incident-row.js';

/** Reads a range of an index that has the filter and the order, see `isIndexRange`. */
export function indexRange(page: IncidentPageRequest): Query {
  const { parameters, bind } = parametersOf(page.tenantId);
  const conditions = [...indexConditions(page, bind), ...createdBetween(page, bind)];
  return {
    sql: `SELECT ${INCIDENT_COLUMNS} FROM incidents WHERE ${allOf(conditions)} ${indexOrder(page)} LIMIT ${bind(page.limit + 1)}`,
    parameters,
  };
}

/** The first rows of a range. If fewer match, nothing is scanned. */
interface Sample {
  readonly rows: number;
  readonly minMatches: number;
}

interface ScanOptions {
  /** Rows that are read and filtered. */
  readonly maxRows: number;
  readonly sample: Sample;
}

/** Filters the next rows of an index that has the order. */
export function indexScan(page: IncidentPageRequest, { maxRows, sample }: ScanOptions): Query {
  const { parameters, bind } = parametersOf(page.tenantId);
  const order = indexOrder(page);
  const range = `SELECT * FROM incidents WHERE ${allOf(indexConditions(page, bind))} ${order}`;
  // With `created_at` in the range, the planner would expect few rows and sort them all.
  const filter = allOf([...matches(page, bind, indexedFacet(page)), ...createdBetween(page, bind)]);
  return {
    sql: `SELECT ${INCIDENT_COLUMNS} FROM (${range} LIMIT ${maxRows}) AS scanned
           WHERE ${isCommon(sample, range, filter)} AND ${filter} ${order} LIMIT ${bind(page.limit + 1)}`,
    parameters,
  };
}

/** PostgreSQL evaluates this condition once, before the scan. */
function isCommon({ rows, minMatches }: Sample, range: string, filter: string): string {
  const found = `SELECT FROM (${range} LIMIT ${rows}) AS sample WHERE ${filter} LIMIT ${minMatches}`;
  return `(SELECT count(*) FROM (${found}) AS found) >= ${minMatches}`;
}

function indexConditions(page: IncidentPageRequest, bind: Bind): string[] {
  const facet = indexedFacet(page);
  return [
    ...['tenant_id = $1', ...idBetween(page, bind), ...afterCursor(page, bind)],
    ...(facet === undefined ? [] : [`${facet} = ${bind(page[facet])}`, ...secondBetween(page, bind)]),
  ];
}

function indexOrder(page: IncidentPageRequest): string {
  return indexedFacet(page) === undefined ? orderBySortKey(page) : orderBySecond(page);
}

/** The facet that has an index in the order of the list. */
function indexedFacet({ sort, status, service }: IncidentFilter): Facet | undefined {
  if (sort === 'updatedAt') return undefined;
  if (status !== undefined) return 'status';
  return service === undefined ? undefined : 'service';
}

/** Whether the list is one range of an index. */
export function isIndexRange(page: IncidentPageRequest): boolean {
  if (page.q !== undefined || isCreationRangeByUpdate(page)) return false;
  return facetsOf(page).every((facet) => facet === indexedFacet(page));
}

/** Whether the list, in the order of creation, is one range of the index of a status or a service. */
export function isFacetRange(page: IncidentPageRequest): boolean {
  return isIndexRange({ ...page, sort: 'createdAt' });
}

/** Sorted by update within a creation range: no index has that order. */
export function isCreationRangeByUpdate({ sort, from, to }: IncidentFilter): boolean {
  return sort === 'updatedAt' && (from ?? to) !== undefined;
}

/** The time by which index entries are read. */
export type LeadingTime = 'created' | 'updated';

interface KeyScanOptions extends Omit<ScanOptions, 'sample'> {
  readonly by: LeadingTime;
  /** Absent for a list without a filter. */
  readonly sample?: Sample;
  /** If the index of the list's one facet has fewer entries within the creation range, nothing is scanned. */
  readonly minFacetEntries?: number;
  /** Of the entries by update. By creation, the whole range is read. */
  readonly maxEntries: number;
}

/** Sorts keys by update, read from an index alone, and filters the rows of the first ones. */
export function keyScan(page: IncidentPageRequest, options: KeyScanOptions): Query {
  const { order, limit } = page;
  const { by, maxEntries, maxRows, sample, minFacetEntries } = options;
  const { parameters, bind } = parametersOf(page.tenantId);
  const keys = by === 'updated' ? keysByUpdate(page, maxEntries, bind) : keysByCreation(page, bind);
  const filter = allOf([...createdBetween(page, bind), ...matches(page, bind)]);
  const gates = [
    ...(minFacetEntries === undefined ? [] : [hasFacetEntries(minFacetEntries, page, bind)]),
    ...(sample ? [isCommon(sample, creationRange(page, bind), filter)] : []),
  ];
  // OFFSET 0 and the sorted keys make PostgreSQL read one row after the other, until the page is full.
  return {
    sql: `SELECT ${INCIDENT_COLUMNS}
            FROM (${keys} ${orderBySortKey(page)} LIMIT ${maxRows}) AS candidates (id, updated)
           CROSS JOIN LATERAL (SELECT * FROM incidents WHERE tenant_id = $1 AND incident_id = id OFFSET 0) AS candidate
           WHERE ${allOf([...gates, filter])} ORDER BY updated ${order}, id ${order} LIMIT ${bind(limit + 1)}`,
    parameters,
  };
}

/** Counts entries of the index of statuses or services, without their rows. */
function hasFacetEntries(min: number, page: IncidentPageRequest, bind: Bind): string {
  const facets = facetsOf(page).map((facet) => `${facet} = ${bind(page[facet])}`);
  const conditions = ['tenant_id = $1', ...facets, ...secondBetween(page, bind)];
  return `(SELECT count(*) FROM (SELECT FROM incidents WHERE ${allOf(conditions)} LIMIT ${min}) AS entries) >= ${min}`;
}

function creationRange(page: IncidentPageRequest, bind: Bind): string {
  const conditions = ['tenant_id = $1', ...idBetween(page, bind)];
  return `SELECT * FROM incidents WHERE ${allOf(conditions)} ORDER BY incident_id ${page.order}`;
}

function keysByUpdate(page: IncidentPageRequest, maxEntries: number, bind: Bind): string {
  const conditions = ['tenant_id = $1', ...afterCursor(page, bind)];
  if (page.from !== undefined) conditions.push(`updated_at >= ${bind(page.from)}`);
  const scanned = `SELECT ${KEY} FROM incidents WHERE ${allOf(conditions)} ${orderBySortKey(page)} LIMIT ${maxEntries}`;
  return `SELECT ${KEY} FROM (${scanned}) AS scanned WHERE ${allOf(idBetween(page, bind))}`;
}

/**
 * OFFSET 0 keeps the planner from using the index of updates, most of which are outside the range; the cursor, which that
 * index could answer, is therefore outside, too. The first created are mostly the first updated: in that order the top-N sort
 * rejects most keys with one comparison.
 */
function keysByCreation(page: IncidentPageRequest, bind: Bind): string {
  const conditions = ['tenant_id = $1', ...idBetween(page, bind), ...createdBetween(page, bind)];
  const scanned = `SELECT ${KEY} FROM incidents WHERE ${allOf(conditions)} ORDER BY incident_id ${page.order} OFFSET 0`;
  return `SELECT ${KEY} FROM (${scanned}) AS scanned WHERE ${allOf(['true', ...afterCursor(page, bind)])}`;
}

/** Sorts by update all incidents of one status or one service within a creation range, see `isFacetRange`. */
export function sortedRange(page: IncidentPageRequest): Query {
  const { parameters, bind } = parametersOf(page.tenantId);
  const range = [
    ...['tenant_id = $1', ...idBetween(page, bind)],
    ...[secondBetweenReadAhead(page, bind), ...matches(page, bind)],
  ];
  const conditions = [...createdBetween(page, bind), ...afterCursor(page, bind)];
  return {
    sql: `SELECT ${INCIDENT_COLUMNS} FROM (SELECT * FROM incidents WHERE ${allOf(range)} OFFSET 0) AS created
           WHERE ${allOf(conditions)} ${orderBySortKey(page)} LIMIT ${bind(page.limit + 1)}`,
    parameters,
  };
}

const KEY = 'incident_id, updated_at';
