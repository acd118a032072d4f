import { madeAt } from '#kernel/domain/ids';
import {
  type Bind,
  beyond,
  bySecond,
  check,
  FACETS,
  type IncidentFilter,
  type IncidentPlace,
  made,
  madeNear,
  orderOf,
  parametersOf,
  seconds,
} from './incident-conditions.js';
import { slotsOf } from './incident-slots.js';

export interface Query {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}

/**
 * How far a list is walked along in search of what is asked for: a look, and on to where one in 100 fills a page. What is
 * rarer is found by its words at less cost, in the slots that are nearest.
 */
const LOOK = 500;
export const WALK = 2_000;

/** The same by keys, where slots are nearly as cheap. */
const WALK_BY_KEYS = 500;

/** An entry of the list's own index takes a tenth of a microsecond, an incident ten times as long. */
const MOST_KEYS = 100_000;

/** Walks along the list. Complete when it fills the page, or when the filter names one range of an index. */
export function walk(place: IncidentPlace, most: number = LOOK): Query {
  const { tenantId, limit } = place;
  const { parameters, bind } = parametersOf(tenantId);
  const ranged = ['tenant_id = $1', ...madeNear(place, bind), ...beyond(place, bind)];
  const leading = leadingFacet(place);
  if (leading !== undefined) ranged.push(`${leading} = ${bind(place[leading])}`, ...seconds(place, bind));
  const order = leading === undefined ? orderOf(place) : bySecond(place);
  const checked = check(place, leading, bind);
  // The ids lead there alone: by the times too, the planner would think that they lead to few, and read them all.
  (isOneRange(place) ? ranged : checked).push(...made(place, bind));
  const passed =
    checked.length === 0
      ? `incidents WHERE ${ranged.join(' AND ')}`
      : `(SELECT * FROM incidents WHERE ${ranged.join(' AND ')} ${order} LIMIT ${most}) AS passed
          WHERE ${checked.join(' AND ')}`;
  return { sql: `SELECT ${COLUMNS} FROM ${passed} ${order} LIMIT ${bind(limit + 1)}`, parameters };
}

/** How many of the first that were made at that time are what is asked for, of a `LOOK`. */
export function sample(place: IncidentPlace): Query {
  const { parameters, bind } = parametersOf(place.tenantId);
  const ranged = ['tenant_id = $1', ...madeNear(place, bind)];
  const order = `ORDER BY incident_id ${place.order}`;
  return {
    sql: `SELECT count(*)::int AS found
            FROM (SELECT * FROM incidents WHERE ${ranged.join(' AND ')} ${order} LIMIT ${LOOK}) AS made
           WHERE ${check(place, undefined, bind).join(' AND ')}`,
    parameters,
  };
}

/**
 * By which keys what was made at some time is listed by update: those of the updates nearest to the place, less those of
 * other times; or all of that time, sorted.
 */
type Keys = 'ofUpdates' | 'ofTimes';

/**
 * Walks by update along what was made at some time, by keys alone, which tell both times. Complete when it fills the page,
 * and in any case when it sorted all of the time and the filter names times alone.
 */
export function walkKeys(place: IncidentPlace, keys: Keys): Query {
  const { tenantId, order, limit, from } = place;
  const { parameters, bind } = parametersOf(tenantId);
  const ranged = ['tenant_id = $1', ...beyond(place, bind)];
  const checked = [...made(place, bind), ...check(place, undefined, bind)];
  const near = madeNear(place, bind);
  let passed: string;
  if (keys === 'ofTimes') {
    // OFFSET 0 keeps the planner from following the index of updates, most of which are of other times. Those that are first
    // by creation are mostly so by update: most of what comes after them is told to be none of the first by one comparison.
    passed = `(SELECT ${KEYS} FROM incidents WHERE ${[...ranged, ...near, ...made(place, bind)].join(' AND ')}
                ORDER BY incident_id ${order} OFFSET 0)`;
  } else {
    if (from !== undefined) ranged.push(`updated_at >= ${bind(from)}`);
    passed = `(SELECT * FROM (SELECT ${KEYS} FROM incidents WHERE ${ranged.join(' AND ')} ${orderOf(place)}
                               LIMIT ${MOST_KEYS}) AS updated WHERE ${near.join(' AND ')})`;
  }
  // So do OFFSET 0 and the order of the keys: one incident after the other, until there are enough.
  return {
    sql: `SELECT ${COLUMNS}
            FROM (SELECT * FROM ${passed} AS keys ${orderOf(place)} LIMIT ${walked(place, keys)}) AS passed (id, updated)
           CROSS JOIN LATERAL (SELECT * FROM incidents WHERE tenant_id = $1 AND incident_id = id OFFSET 0) AS found
           WHERE ${checked.join(' AND ')} ORDER BY updated ${order}, id ${order} LIMIT ${bind(limit + 1)}`,
    parameters,
  };
}

function walked(place: IncidentPlace, keys: Keys): number {
  return keys === 'ofTimes' && isByTimesAlone(place) ? place.limit + 1 : WALK_BY_KEYS;
}

/** Sorts by update what one status or one service had at some time, which is a range of an index. Complete. */
export function sortRange(place: IncidentPlace): Query {
  const { parameters, bind } = parametersOf(place.tenantId);
  const near = [...madeNear(place, bind), ...seconds(place, bind)];
  const ranged = ['tenant_id = $1', ...near, ...check(place, undefined, bind)];
  const checked = [...made(place, bind), ...beyond(place, bind)];
  return {
    sql: `SELECT ${COLUMNS} FROM (SELECT * FROM incidents WHERE ${ranged.join(' AND ')} OFFSET 0) AS made
           WHERE ${checked.join(' AND ')} ${orderOf(place)} LIMIT ${bind(place.limit + 1)}`,
    parameters,
  };
}

/** Whether a walk is likely to fill the page, by what a look has found. */
export function isWorthWalking(place: IncidentPlace, found: number): boolean {
  return found * (isByUpdateOfTimes(place) ? WALK_BY_KEYS : WALK) > place.limit * LOOK;
}

/** The shorter way by update to what was made at some time: by the updates since then, or by all that was made then. */
export function shorterKeys({ tenantId, order, from, to }: IncidentPlace, now: Date): Keys {
  // What was made first is among what was updated first.
  if (order === 'asc' || to === undefined) return 'ofUpdates';
  const since = Math.max(madeAt(tenantId).getTime(), from === undefined ? 0 : Date.parse(from));
  const until = Date.parse(to);
  return now.getTime() - until < until - since ? 'ofUpdates' : 'ofTimes';
}

/** Asks the index of words and facets, and looks through what is not in it yet. Complete. */
export function search(place: IncidentPlace, now: Date): Query {
  const { tenantId, sort, order, limit, status, q, from, to, after } = place;
  const byUpdate = sort === 'updatedAt';
  const facets = FACETS.flatMap((facet) => {
    const value = place[facet];
    return value === undefined ? [] : [`${facet[0]?.toUpperCase() ?? ''}${facet.slice(1)}=${value}`];
  });
  const { parameters, bind } = parametersOf(tenantId);
  const { lexemes, atOnce } = slotsOf(place, shorterKeys(place, now), now);
  const asked = [q, facets, lexemes, atOnce, from, to];
  const beginning = [byUpdate, order === 'asc', byUpdate ? after?.[0] : undefined, after?.at(-1)];
  const most = bind(limit + 1);
  const found = `SELECT search_incidents(${[...asked, ...beginning].map(bind).join(', ')}, ${most})`;
  const mayWait = status === undefined || status === 'triaging';
  const ids = mayWait ? `${found} UNION ALL ${waiting(place, bind, most)}` : found;
  return { sql: `${AMONG} (ARRAY(${ids})) ${orderOf(place)} LIMIT ${most}`, parameters };
}

/** What still waits for triage has no entry in the index of words, so that whoever sends an alert need not wait for one. */
function waiting(place: IncidentPlace, bind: Bind, most: string): string {
  const ranged = [
    ...['tenant_id = $1', `status = 'triaging'`],
    ...[...madeNear(place, bind), ...beyond(place, bind), ...seconds(place, bind)],
  ];
  const spelt = plainWords(place.q).map(
    (word) => `strpos(lower(title || ' ' || description), ${bind(word)}) > 0`,
  );
  const checked = [...made(place, bind), ...spelt, ...check(place, undefined, bind)];
  const [inOrder, order] =
    place.sort === 'createdAt' ? [bySecond(place), bySecond(place)] : ['', orderOf(place)];
  // LIMIT ALL keeps the planner from following another index, of all that is no longer waiting.
  return `(SELECT incident_id
             FROM (SELECT * FROM incidents WHERE ${ranged.join(' AND ')} ${inOrder} LIMIT ALL) AS waiting
            WHERE ${checked.join(' AND ')} ${order} LIMIT ${most})`;
}

/** Words that a text has to spell out to match: a text that does not is told by that twenty times as fast. */
function plainWords(q = ''): string[] {
  const words = q.trim().split(/\s+/);
  const isPlain = words.every((word) => /^([a-z]+[0-9]*|[0-9]+)$/i.test(word) && !/^or$/i.test(word));
  return isPlain ? words.map((word) => word.toLowerCase()) : [];
}

export function isOneRange(place: IncidentPlace): boolean {
  // By update no range of creation times is a range of the index.
  if (place.q !== undefined || isByUpdateOfTimes(place)) return false;
  const leading = leadingFacet(place);
  return FACETS.every((facet) => place[facet] === undefined || facet === leading);
}

/** By update within times of creation. */
export function isByUpdateOfTimes({ sort, from, to }: IncidentFilter): boolean {
  return sort === 'updatedAt' && (from ?? to) !== undefined;
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

const COLUMNS = `incident_id AS "incidentId", title, description, severity, status, source, provider,
  source_alert_id AS "sourceAlertId", service, environment, tags, metadata, root_cause AS "rootCause", confidence,
  recommended_actions AS "recommendedActions", alert_count AS "alertCount", created_at AS "createdAt",
  updated_at AS "updatedAt", resolved_at AS "resolvedAt"`;

const KEYS = 'incident_id, updated_at';

const AMONG = `SELECT ${COLUMNS} FROM incidents WHERE tenant_id = $1 AND incident_id = ANY`;
