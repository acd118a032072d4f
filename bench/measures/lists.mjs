import { against } from '../harness/alternate.mjs';
import { atOnce } from '../harness/database.mjs';
import { cpuSeconds } from '../harness/footprint.mjs';
import { call } from '../harness/senders.mjs';
import { percentile, sort } from '../harness/statistics.mjs';
import { drawFrom, KINDS, randomFrom } from './list-kinds.mjs';

const LIMIT_MS = 20;
const KNOWN = 500;
const SEED = 7;

/** Each kind of list and search, one request at a time, the tenants in turns. Every fourth is the page after the one before. */
export async function* lists({ product, people, asks }) {
  const random = randomFrom(SEED);
  const tenants = [];
  for (const person of people) {
    tenants.push({ ...person, draw: drawFrom(random, await known(product, person, random)) });
  }
  for (const [kind, pathFor] of Object.entries(KINDS)) {
    let told;
    const measure = async () => {
      told = await asked({ product, tenants, pathFor, asks });
      return told.p95;
    };
    yield await against({
      work: `list: ${kind}, p95`,
      unit: 'ms',
      runs: 1,
      subject: { name: 'CauseFlow', measure },
      limit: LIMIT_MS,
    });
    yield `  p50 ${told.p50.toFixed(1)} ms, slowest ${told.slowest.toFixed(1)} ms; CPU a request: Node ${told.node.toFixed(1)} ms, PostgreSQL ${told.postgres.toFixed(1)} ms`;
  }
}

async function asked({ product, tenants, pathFor, asks }) {
  const took = [];
  const pages = new Map();
  // What the first ones take is the price of a connection that knows nothing yet.
  const unmeasured = Math.ceil(asks / 10);
  let before;
  for (let turn = -unmeasured; turn < asks; turn += 1) {
    if (turn === 0) before = await cpu(product);
    const tenant = tenants[(turn + unmeasured) % tenants.length];
    const next = turn % 8 >= 6 ? pages.get(tenant) : undefined;
    const path = next ?? pathFor(tenant.draw);
    const begun = performance.now();
    const { nextCursor } = await call(product.url, 'GET', path, tenant);
    if (turn >= 0) took.push(performance.now() - begun);
    pages.set(tenant, pageAfter(path, nextCursor));
  }
  const after = await cpu(product);
  const each = (seconds) => (seconds * 1000) / asks;
  const sorted = sort(took);
  return {
    ...{ p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), slowest: sorted.at(-1) },
    ...{
      node: each(after.node - before.node),
      postgres: each(cpuOfPostgres(before.postgres, after.postgres)),
    },
  };
}

function pageAfter(path, cursor) {
  if (!cursor) return undefined;
  const url = new URL(path, 'http://localhost');
  // The log's own cursor is the id after which it goes on.
  url.searchParams.set(url.pathname === '/v1/notifications/events' ? 'after' : 'cursor', cursor);
  return url.pathname + url.search;
}

/** Of the process that serves and of its connections' processes, in seconds so far. */
async function cpu({ pid, databaseUrl }) {
  const connections = await atOnce(
    databaseUrl,
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'causeflow'`,
  );
  return {
    node: cpuSeconds(pid),
    postgres: new Map(connections.map((connection) => [connection.pid, cpuSeconds(connection.pid)])),
  };
}

/** Of those connections that are still there: one that was idle for long is closed. */
function cpuOfPostgres(before, after) {
  return [...after].reduce((sum, [pid, seconds]) => sum + seconds - (before.get(pid) ?? 0), 0);
}

/** What there is to be asked for by its id: some of each, from all of the time. */
async function known({ databaseUrl }, { tenantId }, random) {
  const ask = (sql, ...values) => atOnce(databaseUrl, sql, [tenantId, ...values], [tenantId]);
  const [{ last }] = await ask('SELECT max(seq) AS last FROM events WHERE tenant_id = $1');
  const places = Array.from({ length: KNOWN }, () => 1 + Math.floor(random() * last));
  const events = await ask(
    'SELECT id, incident_id FROM events WHERE tenant_id = $1 AND seq = ANY ($2) ORDER BY seq',
    places,
  );
  const [{ since, until }] = await ask(
    'SELECT min(created_at) AS since, max(created_at) AS until FROM incidents WHERE tenant_id = $1',
  );
  return {
    incidents: events.map((event) => event.incident_id),
    events: events.map((event) => event.id),
    since: since.getTime(),
    until: until.getTime(),
  };
}
