import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { cpuSeconds, postgresCpuSeconds, residentKiB } from '../harness/footprint.mjs';
import { runLoad } from '../harness/load.mjs';
import { compareWithPeer, repeat, withoutPeer } from '../harness/rows.mjs';
import { SseReader } from '../harness/sse-reader.mjs';
import { median } from '../harness/statistics.mjs';
import { waitUntil } from '../harness/wait-until.mjs';
import { CONNECTIONS } from './alerts.mjs';

const STREAMS = 100;
const TIMEOUT_MS = 120_000;
const POLLING = { timeoutMs: TIMEOUT_MS, pollMs: 100 };
const IDLE_SECONDS = 5;

/** Small enough to be quick, large enough for a worker that has just started to reach its full speed. */
const BACKLOG = 5_000;

/** Statements over all tenants, which run with every poll, scrape or purge. */
const SCANS = {
  'streams behind': 'SELECT count(*) FROM streams_behind(1000)',
  'relay backlog': 'SELECT relay_backlog()',
  'investigation queues': 'SELECT count(*) FROM investigation_queues(100)',
  'oldest event wanted': 'SELECT oldest_event_wanted()',
  purge: 'SELECT purge_expired(5000)',
};

/**
 * The same rate of alerts from very many tenants, each of which sends one now and then, against a few that send them all.
 * Checks that each acknowledged alert is stored and triaged, and that the streams equal the log.
 */
export async function* manyTenants({ product, worker, senders, few, rate, seconds, runs }) {
  const database = await connectToAllTenants(product.databaseUrl);
  const count = senders.length.toLocaleString('en');
  yield `${count} tenants: api ready in ${readySeconds(product)}, worker in ${readySeconds(worker)}`;
  const spacing = senders.length / STREAMS;
  const spread = Array.from({ length: STREAMS - few }, (_, i) => senders[Math.floor(i * spacing) + few]);
  const streams = await openStreams(product.url, [...senders.slice(0, few), ...spread]);
  const context = { product, worker, database, rate, seconds };
  yield await idleCpu(context);

  // Each run continues with the tenants after those of the previous run.
  let offset = 0;
  const nextSenders = () => {
    const size = Math.min(senders.length, rate * seconds);
    const next = Array.from({ length: size }, (_, i) => senders[(offset + i) % senders.length]);
    offset += size;
    return next;
  };
  const figures = { many: [], few: [] };
  const measure = (side, sendersOf) => async () => {
    const measured = await measureLoad(context, sendersOf());
    figures[side].push(measured);
    return measured['CPU in all, µs'];
  };
  yield await compareWithPeer({
    work: `alerts of ${count} tenants at ${rate}/s, triaged and told, CPU each`,
    unit: 'µs',
    runs,
    lowerIsBetter: true,
    subject: { name: `CauseFlow, ${count} tenants`, measure: measure('many', nextSenders) },
    peer: { name: `CauseFlow, ${few} of them`, measure: measure('few', () => senders.slice(0, few)) },
  });
  yield table(figures, { many: `${count} tenants`, few: `${few} tenants` });
  const frames = await checkStreams(streams, database);
  yield `  ${frames.toLocaleString('en')} frames on ${STREAMS} streams, none lost, none repeated`;
  for (const [name, process] of Object.entries({ api: product, worker })) {
    const { ms, bytes, lines } = await timeScrape(process.url);
    yield `  ${name}: ${Math.round(residentKiB(process.pid) / 1024)} MiB resident; /metrics ${lines} lines, ${bytes} bytes, ${ms.toFixed(0)} ms`;
  }
  for (const [name, sql] of Object.entries(SCANS))
    yield `  ${name}: ${(await timeQuery(database, sql)).toFixed(1)} ms`;
  await database.client.end();
}

/** Throughput of a busy worker: it starts over a backlog of alerts, of one tenant, of some, and each of another tenant. */
export async function* backlogs({ product, startWorker, senders, runs }) {
  const database = await connectToAllTenants(product.databaseUrl);
  for (const tenants of [1, 50, BACKLOG].filter((count) => count <= senders.length)) {
    const cpu = [];
    const measure = async () => {
      const next = senders.splice(0, tenants);
      senders.push(...next);
      const { alertsPerSecond, ...micros } = await relayBacklog({ product, startWorker, database }, next);
      cpu.push(micros);
      return alertsPerSecond;
    };
    await measure();
    cpu.length = 0;
    yield withoutPeer({
      work: `backlog of ${BACKLOG.toLocaleString('en')} alerts, ${tenants.toLocaleString('en')} ${tenants === 1 ? 'tenant' : 'tenants'}, triaged and relayed`,
      unit: 'alerts/s',
      subject: 'CauseFlow, one worker',
      values: await repeat(runs, measure),
    });
    const medianOf = (name) => Math.round(median(cpu.map((each) => each[name])));
    yield `  CPU per alert: worker ${medianOf('worker')} µs, PostgreSQL ${medianOf('postgres')} µs`;
  }
  await database.client.end();
}

/** Sends a backlog, then starts a worker. @returns its throughput, and CPU per alert in microseconds */
async function relayBacklog({ product, startWorker, database }, senders) {
  const { requests, ids } = await runLoad({
    urls: [product.url],
    kind: 'alert',
    senders,
    connections: CONNECTIONS,
    expect: [202],
    maxRequests: BACKLOG,
    seconds: TIMEOUT_MS / 1000,
  });
  const postgresBefore = postgresCpuSeconds(database.pid);
  const worker = await startWorker();
  const workerBefore = cpuSeconds(worker.pid);
  const seconds = (await waitUntilRelayed(database)) / 1000;
  const perAlert = (cpu) => (cpu / requests) * 1e6;
  const result = {
    alertsPerSecond: requests / seconds,
    worker: perAlert(cpuSeconds(worker.pid) - workerBefore),
    postgres: perAlert(postgresCpuSeconds(database.pid) - postgresBefore),
  };
  await worker.stop();
  await checkTriaged(database, requests, ids);
  return result;
}

/** One steady load until its last alert is triaged. */
async function measureLoad({ product, worker, database, rate, seconds }, senders) {
  const before = cpu({ product, worker, database });
  const startedAt = performance.now();
  const load = await runLoad({
    urls: [product.url],
    kind: 'alert',
    senders,
    connections: CONNECTIONS,
    seconds,
    rate,
    expect: [202],
    maxRequests: rate * seconds,
  });
  const loadSeconds = (performance.now() - startedAt) / 1000;
  const triagedAfter = await waitUntilRelayed(database);
  const after = cpu({ product, worker, database });
  await checkTriaged(database, load.requests, load.ids);
  const perAlert = (name) => ((after[name] - before[name]) / load.requests) * 1e6;
  return {
    'alerts/s': load.rate,
    'p50, ms': load.p50,
    'p99, ms': load.p99,
    'all triaged after, ms': triagedAfter,
    'CPU api, µs': perAlert('api'),
    'CPU worker, µs': perAlert('worker'),
    'CPU PostgreSQL, µs': perAlert('postgres'),
    'CPU in all, µs': perAlert('api') + perAlert('worker') + perAlert('postgres'),
    'duration of the load, s': loadSeconds,
  };
}

function cpu({ product, worker, database }) {
  return {
    api: cpuSeconds(product.pid),
    worker: cpuSeconds(worker.pid),
    postgres: postgresCpuSeconds(database.pid),
  };
}

async function idleCpu(context) {
  await sleep(1000);
  const before = cpu(context);
  await sleep(IDLE_SECONDS * 1000);
  const after = cpu(context);
  const share = (name) => `${name} ${(((after[name] - before[name]) / IDLE_SECONDS) * 100).toFixed(1)} %`;
  return `  idle, with ${STREAMS} streams, CPU: ${Object.keys(after).map(share).join(', ')}`;
}

/** @returns a connection that sees all tenants, as a backup does */
async function connectToAllTenants(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  // When a run is interrupted, the database stops before this connection closes.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SELECT set_config('app.backup', 'on', false)`);
  return { client, pid: client.processID, query: async (...args) => (await client.query(...args)).rows };
}

/** @returns how long it took, in milliseconds */
function waitUntilRelayed(database) {
  const isRelayed = async () => {
    const behind = await database.query('SELECT FROM event_stream WHERE relayed < seq LIMIT 1');
    return behind.length === 0;
  };
  return waitUntil(isRelayed, { ...POLLING, problem: 'the relay does not catch up' });
}

/** Checks that each 202 has its alert, its incident, triaged and open, and its three events. */
async function checkTriaged(database, requests, ids) {
  const [stored] = await database.query(
    `SELECT count(DISTINCT incident_id)::int AS triaged, count(DISTINCT a.tenant_id)::int AS tenants,
            sum((SELECT count(*) FROM events e WHERE e.tenant_id = i.tenant_id AND e.incident_id = i.incident_id))::int AS events
       FROM alerts a JOIN incidents i USING (tenant_id, incident_id) JOIN triages USING (tenant_id, incident_id)
      WHERE incident_id = ANY ($1) AND i.status = 'open'`,
    [ids],
  );
  if (ids.length !== requests || stored.triaged !== requests || stored.events !== 3 * requests)
    throw new Error(`WRONG: ${requests} alerts were acknowledged, but stored is ${JSON.stringify(stored)}`);
}

function openStreams(url, senders) {
  return Promise.all(
    senders.map(async ({ tenantId, key }) => {
      const ids = [];
      const reader = new SseReader(({ id }) => ids.push(id));
      await reader.open(url, key);
      return { tenantId, ids, reader };
    }),
  );
}

/** Compares each stream with its tenant's log, which was empty when it was opened. @returns the number of frames */
async function checkStreams(streams, database) {
  let frames = 0;
  for (const { tenantId, ids, reader } of streams) {
    const log = await database.query('SELECT id FROM events WHERE tenant_id = $1 ORDER BY seq', [tenantId]);
    const problem = 'events were not delivered to their streams';
    await waitUntil(() => ids.length >= log.length, { ...POLLING, problem });
    reader.close();
    if (log.length !== ids.length || log.some(({ id }, i) => id !== ids[i]))
      throw new Error(`WRONG: the stream of ${tenantId} differs from its log`);
    frames += ids.length;
  }
  if (frames === 0) throw new Error('WRONG: no stream received any event');
  return frames;
}

async function timeScrape(url) {
  const startedAt = performance.now();
  const text = await (await fetch(`${url}/metrics`)).text();
  return { ms: performance.now() - startedAt, bytes: text.length, lines: text.split('\n').length };
}

/** @returns milliseconds, the median of five */
async function timeQuery({ query }, sql) {
  const measured = await repeat(5, async () => {
    const startedAt = performance.now();
    await query(sql);
    return performance.now() - startedAt;
  });
  return median(measured);
}

function readySeconds({ readyMs }) {
  return `${(readyMs / 1000).toFixed(1)} s`;
}

/** The figures of each run except the warm-up. */
function table(figures, names) {
  const columns = Object.keys(figures.many[0]);
  return columns
    .map((column) => {
      const sides = Object.entries(names).map(([side, name]) => {
        const values = figures[side].slice(1).map((run) => run[column]);
        return `${name} ${values.map((value) => value.toFixed(value < 10 ? 1 : 0)).join(' ')}`;
      });
      return `  ${column}: ${sides.join('; ')}`;
    })
    .join('\n');
}
