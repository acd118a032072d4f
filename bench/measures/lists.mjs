import { queryOnce } from '../harness/database.mjs';
import { cpuSeconds } from '../harness/footprint.mjs';
import { compareWithLimit } from '../harness/rows.mjs';
import { callApi } from '../harness/senders.mjs';
import { percentile, sort } from '../harness/statistics.mjs';
import { KINDS, randomFrom, requestValues } from './list-kinds.mjs';

const LIMIT_MS = 20;
const SAMPLE_SIZE = 500;
const SEED = 7;

/** Each kind of list and search, one request at a time, tenants in turns. Every fourth request is the page after the previous one. */
export async function* lists({ product, people, requests }) {
  const random = randomFrom(SEED);
  const tenants = [];
  for (const person of people) {
    tenants.push({ ...person, values: requestValues(random, await sampleData(product, person, random)) });
  }
  for (const [kind, pathFor] of Object.entries(KINDS)) {
    const { p50, p95, max, nodeMs, postgresMs } = await measureKind({ product, tenants, pathFor, requests });
    yield compareWithLimit({
      work: `list: ${kind}, p95`,
      unit: 'ms',
      subject: 'CauseFlow',
      values: [p95],
      limit: LIMIT_MS,
    });
    yield `  p50 ${p50.toFixed(1)} ms, max ${max.toFixed(1)} ms; CPU per request: Node ${nodeMs.toFixed(1)} ms, PostgreSQL ${postgresMs.toFixed(1)} ms`;
  }
}

async function measureKind({ product, tenants, pathFor, requests }) {
  const latencies = [];
  const nextPages = new Map();
  // The first requests on a connection also plan their statements.
  const warmUp = Math.ceil(requests / 10);
  let before;
  for (let turn = -warmUp; turn < requests; turn += 1) {
    if (turn === 0) before = await cpu(product);
    const tenant = tenants[(turn + warmUp) % tenants.length];
    const nextPage = turn % 8 >= 6 ? nextPages.get(tenant) : undefined;
    const path = nextPage ?? pathFor(tenant.values);
    const sentAt = performance.now();
    const { nextCursor } = await callApi(product.url, 'GET', path, tenant);
    if (turn >= 0) latencies.push(performance.now() - sentAt);
    nextPages.set(tenant, pageAfter(path, nextCursor));
  }
  const after = await cpu(product);
  const perRequest = (seconds) => (seconds * 1000) / requests;
  const sorted = sort(latencies);
  return {
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    max: sorted.at(-1),
    nodeMs: perRequest(after.node - before.node),
    postgresMs: perRequest(postgresCpu(before.postgres, after.postgres)),
  };
}

function pageAfter(path, cursor) {
  if (!cursor) return undefined;
  const url = new URL(path, 'http://localhost');
  // The cursor of the event log is the id of its last event.
  url.searchParams.set(url.pathname === '/v1/notifications/events' ? 'after' : 'cursor', cursor);
  return url.pathname + url.search;
}

/** CPU seconds so far of the server and of each of its database connections. */
async function cpu({ pid, databaseUrl }) {
  const connections = await queryOnce(
    databaseUrl,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'causeflow'`,
  );
  return {
    node: cpuSeconds(pid),
    postgres: new Map(connections.map((connection) => [connection.pid, cpuSeconds(connection.pid)])),
  };
}

/** Of the connections that are still open: the pool closes idle ones. */
function postgresCpu(before, after) {
  return [...after].reduce((sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? 0), 0);
}

/** Some incidents and events of a tenant, uniformly from its log, and the period of its incidents. */
async function sampleData({ databaseUrl }, { tenantId }, random) {
  const query = (sql, ...values) => queryOnce(databaseUrl, sql, [tenantId, ...values], [tenantId]);
  const [{ last }] = await query('SELECT max(seq) AS last FROM events WHERE tenant_id = $1');
  const sequenceNumbers = Array.from({ length: SAMPLE_SIZE }, () => 1 + Math.floor(random() * last));
  const events = await query(
    'SELECT id, incident_id FROM events WHERE tenant_id = $1 AND seq = ANY ($2) ORDER BY seq',
    sequenceNumbers,
  );
  const [{ since, until }] = await query(
    'SELECT min(created_at) AS since, max(created_at) AS until FROM incidents WHERE tenant_id = $1',
  );
  return {
    incidents: events.map((event) => event.incident_id),
    events: events.map((event) => event.id),
    since: since.getTime(),
    until: until.getTime(),
  };
}
