import {
  afterCursor,
  allOf,
  type Bind,
  createdBetween,
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
} from './incident-conditions.js';
import { INCIDENT_COLUMNS } from './incident-row.js';
import type { TimeSlots } from './incident-slots.js';

/** Searches the full-text index, which has words and facets, and scans the incidents that are not in it yet. */
export function fullTextSearch(page: IncidentPageRequest, { lexemes, atOnce }: TimeSlots): Query {
  const { tenantId, sort, order, limit, status, q, from, to, after } = page;
  const { parameters, bind } = parametersOf(tenantId);
  const byUpdate = sort === 'updatedAt';
  const cursor = [byUpdate ? after?.[0] : undefined, after?.at(-1)];
  const search = [q, facetLexemes(page), lexemes, atOnce, from, to, byUpdate, order === 'asc', ...cursor];
  const maxRows = bind(limit + 1);
  const indexedIds = `SELECT search_incidents(${search.map(bind).join(', ')}, ${maxRows})`;
  const mayBeUntriaged = status === undefined || status === 'triaging';
  const ids = mayBeUntriaged ? `${indexedIds} UNION ALL ${untriagedIds(page, bind, maxRows)}` : indexedIds;
  return {
    sql: `SELECT ${INCIDENT_COLUMNS} FROM incidents
           WHERE tenant_id = $1 AND incident_id = ANY (ARRAY(${ids})) ${orderBySortKey(page)} LIMIT ${maxRows}`,
    parameters,
  };
}

/** As in the generated column `words`: `Severity=high`. */
function facetLexemes(filter: IncidentFilter): string[] {
  return facetsOf(filter).map(
    (facet) => `${facet.charAt(0).toUpperCase()}${facet.slice(1)}=${String(filter[facet])}`,
  );
}

/** Incidents enter the full-text index after triage, so that alerts do not wait for it. */
function untriagedIds(page: IncidentPageRequest, bind: Bind, maxRows: string): string {
  const range = [
    ...['tenant_id = $1', `status = 'triaging'`],
    ...[...idBetween(page, bind), ...afterCursor(page, bind), ...secondBetween(page, bind)],
  ];
  const substrings = plainWordsOf(page.q).map(
    (word) => `strpos(lower(title || ' ' || description), ${bind(word)}) > 0`,
  );
  const conditions = [...createdBetween(page, bind), ...substrings, ...matches(page, bind)];
  const isIndexed = page.sort === 'createdAt';
  const scanOrder = isIndexed ? orderBySecond(page) : '';
  const order = isIndexed ? orderBySecond(page) : orderBySortKey(page);
  // LIMIT ALL keeps the planner from using an index with triaged incidents in it.
  return `(SELECT incident_id
             FROM (SELECT * FROM incidents WHERE ${allOf(range)} ${scanOrder} LIMIT ALL) AS untriaged
            WHERE ${allOf(conditions)} ${order} LIMIT ${maxRows})`;
}

/** Words that a matching text contains as substrings. That check is twenty times as fast as full-text matching. */
function plainWordsOf(q = ''): string[] {
  const words = q.trim().split(/\s+/);
  const arePlain = words.every((word) => /^([a-z]+[0-9]*|[0-9]+)$/i.test(word) && !/^or$/i.test(word));
  return arePlain ? words.map((word) => word.toLowerCase()) : [];
}
