const DAY_MS = 86_400_000;

const SERVICES = [
  'checkout',
  'payments',
  'search',
  'billing',
  'fraud',
  'gateway',
  'tokens',
  'uploads',
  'stream',
];
const SYMPTOMS = ['latency', 'replication', 'exhausted', 'restarting', 'certificate', 'timeouts', 'rejected'];
const COMMON = ['production', 'deploy', 'requests', '-nowhere', '-latency', 'hosts', 'budget'];
const STATUSES = ['open', 'closed', 'resolved'];
const SEVERITIES = ['critical', 'high', 'medium', 'low', 'info'];
const ENVIRONMENTS = ['production', 'staging', 'test'];
const CHANGES = ['', 'service=checkout', 'service=nobody', 'type=deploy', 'type=schema'];
const PATTERNS = ['', 'status=emerging', 'status=stable', 'minConfidence=0.4', 'minConfidence=0.9'];
const EVENTS = ['incident.created', 'investigation.completed', 'knowledge.pattern_extracted', 'incident.*'];
const BY_UPDATE = { sort: 'updatedAt' };

/** The kinds of lists and searches. Each builds a request path from `requestValues`, over the data of `npm run seed`. */
export const KINDS = {
  'no filter, both sorts and orders': ({ oneOf }) =>
    incidents({ sort: oneOf(['createdAt', 'updatedAt']), order: oneOf(['asc', 'desc']) }),
  'of one status': ({ oneOf }) => incidents({ status: oneOf(STATUSES) }),
  'of one status, by update': ({ oneOf }) => incidents({ status: oneOf(STATUSES), ...BY_UPDATE }),
  'of a status, an environment or a source without incidents': ({ oneOf }) =>
    incidents({
      ...oneOf([{ status: 'awaiting_approval' }, { environment: 'nowhere' }, { source: 'manual' }]),
      sort: oneOf(['createdAt', 'updatedAt']),
    }),
  'of one severity, service or environment': ({ oneOf }) => incidents(oneFacet(oneOf)),
  'of one severity, service or environment, by update': ({ oneOf }) =>
    incidents({ ...oneFacet(oneOf), ...BY_UPDATE }),
  'of status, service and severity': ({ oneOf }) => incidents(threeFacets(oneOf)),
  'of status, service and severity, by update': ({ oneOf }) =>
    incidents({ ...threeFacets(oneOf), ...BY_UPDATE }),
  'of one week, by creation': ({ week }) => incidents(week()),
  'of one week, by update': ({ week }) => incidents({ ...week(), ...BY_UPDATE }),
  'made before some day, by update': ({ dayBefore }) => incidents({ to: dayBefore(), ...BY_UPDATE }),
  'made before some day, of one service, by update': ({ dayBefore, oneOf }) =>
    incidents({ to: dayBefore(), service: oneOf(SERVICES), ...BY_UPDATE }),
  'of one week and one service': ({ week, oneOf }) => incidents({ ...week(), service: oneOf(SERVICES) }),
  'of one week and one service, by update': ({ week, oneOf }) =>
    incidents({ ...week(), service: oneOf(SERVICES), ...BY_UPDATE }),
  'search: a word that many have, or -word': ({ oneOf }) => incidents({ q: oneOf(COMMON) }),
  'search: a word that many have, or -word, by update': ({ oneOf }) =>
    incidents({ q: oneOf(COMMON), ...BY_UPDATE }),
  'search: two words, rare together or never': ({ oneOf }) => incidents({ q: twoWords(oneOf) }),
  'search: two words, rare together or never, by update': ({ oneOf }) =>
    incidents({ q: twoWords(oneOf), ...BY_UPDATE }),
  'search: a word and a number': ({ oneOf, below }) => incidents({ q: `${oneOf(SYMPTOMS)} ${below(1000)}` }),
  'search: a word and a number, by update': ({ oneOf, below }) =>
    incidents({ q: `${oneOf(SYMPTOMS)} ${below(1000)}`, ...BY_UPDATE }),
  'search: a word in no incident': ({ below }) => incidents({ q: `nobody${below(1000)}` }),
  'search: a word among the open ones': ({ oneOf }) => incidents({ q: oneOf(SYMPTOMS), status: 'open' }),
  'search: a word among the open ones, by update': ({ oneOf }) =>
    incidents({ q: oneOf(SYMPTOMS), status: 'open', ...BY_UPDATE }),
  'search: a word within a week': ({ oneOf, week }) => incidents({ q: oneOf(SYMPTOMS), ...week() }),
  'search: a word within a week, by update': ({ oneOf, week }) =>
    incidents({ q: oneOf(SYMPTOMS), ...week(), ...BY_UPDATE }),
  'one incident, or what belongs to it': ({ oneOf, incident }) =>
    `/v1/incidents/${incident()}${oneOf(['', '/timeline', '/alerts', '/evidence', '/remediations'])}`,
  'investigations and triage of one incident': ({ oneOf, incident }) =>
    oneOf([`/v1/triage/${incident()}`, `/v1/investigation/${incident()}/runs`]),
  changes: ({ oneOf }) => `/v1/changes?${oneOf(CHANGES)}`,
  patterns: ({ oneOf }) => `/v1/knowledge?${oneOf(PATTERNS)}`,
  'events, of all names or of some': ({ oneOf, event }) =>
    `/v1/notifications/events?${new URLSearchParams({ ...oneOf([{}, { after: event() }]), ...oneOf([{}, { events: oneOf(EVENTS) }]) })}`,
  'events of one incident': ({ incident }) => `/v1/notifications/events?incidentId=${incident()}`,
  'people, keys, integrations, triggers, approvals': ({ oneOf }) =>
    `/v1/${oneOf(['users', 'api-keys', 'integrations', 'triggers', 'notifications/approvals/pending'])}`,
};

/**
 * Random values for requests, the same in every run.
 * @param data ids of some `incidents` and `events` of the tenant, and the period of its incidents, `since` and `until`
 */
export function requestValues(random, { incidents: incidentIds, events: eventIds, since, until }) {
  const below = (limit) => Math.floor(random() * limit);
  const oneOf = (values) => values[below(values.length)];
  const week = () => {
    const from = since + random() * (until - since - 7 * DAY_MS);
    return { from: new Date(from).toISOString(), to: new Date(from + 7 * DAY_MS).toISOString() };
  };
  const dayBefore = () => new Date(until - (1 + below(20)) * DAY_MS).toISOString();
  return { below, oneOf, week, dayBefore, incident: () => oneOf(incidentIds), event: () => oneOf(eventIds) };
}

/** Mulberry32, a pseudo-random number generator. */
export function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function incidents(filter) {
  return `/v1/incidents?${new URLSearchParams(filter)}`;
}

function oneFacet(oneOf) {
  return oneOf([
    { severity: oneOf(SEVERITIES) },
    { service: oneOf(SERVICES) },
    { environment: oneOf(ENVIRONMENTS) },
  ]);
}

function threeFacets(oneOf) {
  return { status: oneOf(STATUSES), service: oneOf(SERVICES), severity: oneOf(SEVERITIES) };
}

function twoWords(oneOf) {
  return `${oneOf(SYMPTOMS)} ${oneOf([...SERVICES, ...SYMPTOMS])}`;
}
