import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { alone, alternate } from '../harness/alternate.mjs';
import { cpuSeconds, postgresSeconds, residentKiB } from '../harness/footprint.mjs';
import { FrameReader } from '../harness/frames.mjs';
import { load } from '../harness/load.mjs';
import { median } from '../harness/statistics.mjs';
import { CONNECTIONS } from './alerts.mjs';

const STREAMS = 100;
const PATIENCE_MS = 120_000;
const LOOK_MS = 100;
const IDLE_SECONDS = 5;

/** Small enough for a look, large enough for a worker that has just started to get going. */
const BACKLOG = 5_000;

/** What asks about all tenants at once, at the cadence of polls, scrapes or days. */
const LOOKS = {
  'who is behind': 'SELECT count(*) FROM streams_behind(1000)',
  'events behind': 'SELECT relay_backlog()',
  'waiting investigations': 'SELECT count(*) FROM investigation_queues(100)',
  'oldest event wanted': 'SELECT oldest_event_wanted()',
  'a purge': 'SELECT purge_expired(5000)',
};

/**
 * The same alerts a second of very many tenants, each of whom sends one now and then, against a few who send them all.
 * What a 202 promised is looked up, down to its triage, and the streams are compared with the log.
 */
export async function* manyTenants({ product, worker, senders, few, rate, seconds, runs }) {
  const database = await owner(product.databaseUrl);
  const count = senders.length.toLocaleString('en');
  yield `${count} tenants: api ready in ${since(product)}, worker in ${since(worker)}`;
  const watched = await watch(product.url, [
    ...senders.slice(0, few),
    ...Array.from(
      { length: STREAMS - few },
      (_, at) => senders[Math.floor((at * senders.length) / STREAMS) + few],
    ),
  ]);
  const context = { product, worker, database, rate, seconds };
  yield await idleness(context);

  // Each run goes on where the one before ended, until everybody has had a turn.
  let place = 0;
  const next = () => {
    const most = Math.min(senders.length, rate * seconds);
    const some = Array.from({ length: most }, (_, at) => senders[(place + at) % senders.length]);
    place += most;
    return some;
  };
  const seen = { many: [], few: [] };
  const measure = (name, some) => async () => {
    const figures = await turn(context, some());
    seen[name].push(figures);
    return figures['CPU in all, µs'];
  };
  yield await alternate({
    work: `alerts of ${count} tenants at ${rate}/s, triaged and told, CPU each`,
    ...{ unit: 'µs', runs, lowerIsBetter: true },
    subject: { name: `CauseFlow, ${count} tenants`, measure: measure('many', next) },
    peer: { name: `CauseFlow, ${few} of them`, measure: measure('few', () => senders.slice(0, few)) },
  });
  yield table(seen, { many: `${count} tenants`, few: `${few} tenants` });
  yield `  ${await watched.check(database)} frames at ${STREAMS} streams, none missing, none twice`;
  for (const [name, process] of Object.entries({ api: product, worker })) {
    const { ms, bytes, lines } = await scrape(process.url);
    yield `  ${name}: ${Math.round(residentKiB(process.pid) / 1024)} MiB resident; /metrics ${lines} lines, ${bytes} bytes, ${ms.toFixed(0)} ms`;
  }
  for (const [name, sql] of Object.entries(LOOKS))
    yield `  ${name}: ${(await timed(database, sql)).toFixed(1)} ms`;
  await database.client.end();
}

/**
 * What a worker does a second that has enough to do: it starts over alerts that nobody has triaged yet, of one tenant, of
 * some, and each of another one.
 */
export async function* backlogs({ product, startWorker, senders, runs }) {
  const database = await owner(product.databaseUrl);
  for (const tenants of [1, 50, BACKLOG].filter((count) => count <= senders.length)) {
    const cpu = [];
    const measure = async () => {
      const some = senders.splice(0, tenants);
      senders.push(...some);
      const { requests, ids } = await load({
        ...{ urls: [product.url], kind: 'alert', senders: some, connections: CONNECTIONS, expect: [202] },
        ...{ most: BACKLOG, seconds: PATIENCE_MS / 1000 },
      });
      const before = postgresSeconds(database.pid);
      const worker = await startWorker();
      const [begun, start] = [performance.now(), cpuSeconds(worker.pid)];
      await relayed(database);
      const seconds = (performance.now() - begun) / 1000;
      const each = (used) => (used / requests) * 1e6;
      cpu.push([each(cpuSeconds(worker.pid) - start), each(postgresSeconds(database.pid) - before)]);
      await worker.stop();
      await check(database, requests, ids);
      return requests / seconds;
    };
    yield await alone({
      work: `backlog of ${BACKLOG.toLocaleString('en')} alerts, ${tenants.toLocaleString('en')} ${tenants === 1 ? 'tenant' : 'tenants'}, triaged and relayed`,
      ...{ unit: 'alerts/s', runs, subject: { name: 'CauseFlow, one worker', measure } },
    });
    const [node, postgres] = [0, 1].map((at) => Math.round(median(cpu.slice(1).map((each) => each[at]))));
    yield `  CPU an alert: worker ${node} µs, PostgreSQL ${postgres} µs`;
  }
  await database.client.end();
}

/** One steady load, to its last triage. */
async function turn({ product, worker, database, rate, seconds }, senders) {
  const before = cpu({ product, worker, database });
  const begun = performance.now();
  const {
    requests,
    rate: got,
    p50,
    p99,
    ids,
  } = await load({
    ...{
      urls: [product.url],
      kind: 'alert',
      senders,
      connections: CONNECTIONS,
      seconds,
      rate,
      expect: [202],
    },
    most: rate * seconds,
  });
  const sent = performance.now();
  await relayed(database);
  const triagedAfter = performance.now() - sent;
  const after = cpu({ product, worker, database });
  await check(database, requests, ids);
  const each = (name) => ((after[name] - before[name]) / requests) * 1e6;
  return {
    'alerts/s': got,
    'p50, ms': p50,
    'p99, ms': p99,
    'all triaged after, ms': triagedAfter,
    'CPU api, µs': each('api'),
    'CPU worker, µs': each('worker'),
    'CPU PostgreSQL, µs': each('postgres'),
    'CPU in all, µs': each('api') + each('worker') + each('postgres'),
    'of it that load took, s': (sent - begun) / 1000,
  };
}

function cpu({ product, worker, database }) {
  return {
    api: cpuSeconds(product.pid),
    worker: cpuSeconds(worker.pid),
    postgres: postgresSeconds(database.pid),
  };
}

async function idleness(context) {
  await sleep(1000);
  const before = cpu(context);
  await sleep(IDLE_SECONDS * 1000);
  const after = cpu(context);
  const share = (name) => `${name} ${(((after[name] - before[name]) / IDLE_SECONDS) * 100).toFixed(1)} %`;
  return `  idle, with ${STREAMS} streams, CPU: ${Object.keys(after).map(share).join(', ')}`;
}

/** @returns a connection that sees all tenants, as a backup does */
async function owner(databaseUrl) {
  const client = new pg.Client({ connectionString: databaseUrl });
  // When a run is broken off, the database ends before this connection.
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`SELECT set_config('app.backup', 'on', false)`);
  return { client, pid: client.processID, query: async (...args) => (await client.query(...args)).rows };
}

async function relayed(database) {
  for (const begun = performance.now(); ; await sleep(LOOK_MS)) {
    const behind = await database.query('SELECT FROM event_stream WHERE relayed < seq LIMIT 1');
    if (behind.length === 0) return;
    if (performance.now() - begun > PATIENCE_MS) throw new Error('WRONG: the relay does not come to an end');
  }
}

/** Of each 202: its alert, its incident, triaged and open, and the three events of that. */
async function check(database, requests, ids) {
  const [stored] = await database.query(
    `SELECT count(DISTINCT incident_id)::int AS triaged, count(DISTINCT a.tenant_id)::int AS tenants,
            sum((SELECT count(*) FROM events e WHERE e.tenant_id = i.tenant_id AND e.incident_id = i.incident_id))::int AS events
       FROM alerts a JOIN incidents i USING (tenant_id, incident_id) JOIN triages USING (tenant_id, incident_id)
      WHERE incident_id = ANY ($1) AND i.status = 'open'`,
    [ids],
  );
  if (ids.length !== requests || stored.triaged !== requests || stored.events !== 3 * requests)
    throw new Error(`WRONG: of ${requests} alerts that were answered is stored: ${JSON.stringify(stored)}`);
}

async function watch(url, senders) {
  const streams = await Promise.all(
    senders.map(async ({ tenantId, key }) => {
      const stream = { tenantId, ids: [] };
      stream.reader = new FrameReader(({ id }) => stream.ids.push(id));
      await stream.reader.open(url, key);
      return stream;
    }),
  );
  return {
    /** Compares each stream with its tenant's log, which was empty when it was opened. */
    async check(database) {
      let frames = 0;
      for (const { tenantId, ids, reader } of streams) {
        const log = await database.query('SELECT id FROM events WHERE tenant_id = $1 ORDER BY seq', [
          tenantId,
        ]);
        for (const begun = performance.now(); ids.length < log.length; await sleep(LOOK_MS)) {
          if (performance.now() - begun > PATIENCE_MS)
            throw new Error('WRONG: events do not reach their readers');
        }
        reader.close();
        if (log.length !== ids.length || log.some(({ id }, at) => id !== ids[at]))
          throw new Error(`WRONG: the stream of ${tenantId} is not its log`);
        frames += ids.length;
      }
      if (frames === 0) throw new Error('WRONG: none of the streams was told anything');
      return frames.toLocaleString('en');
    },
  };
}

async function scrape(url) {
  const begun = performance.now();
  const text = await (await fetch(`${url}/metrics`)).text();
  return { ms: performance.now() - begun, bytes: text.length, lines: text.split('\n').length };
}

/** @returns milliseconds, the median of five */
async function timed({ query }, sql) {
  const taken = [];
  for (let run = 0; run < 5; run += 1) {
    const begun = performance.now();
    await query(sql);
    taken.push(performance.now() - begun);
  }
  return median(taken);
}

function since({ readyMs }) {
  return `${(readyMs / 1000).toFixed(1)} s`;
}

/** Medians, without the first run of each, which warms up. */
function table(seen, names) {
  const columns = Object.keys(seen.many[0]);
  return columns
    .map((column) => {
      const values = Object.entries(names).map(([side, name]) => {
        const own = seen[side].slice(1).map((figures) => figures[column]);
        return `${name} ${own.map((value) => value.toFixed(value < 10 ? 1 : 0)).join(' ')}`;
      });
      return `  ${column}: ${values.join('; ')}`;
    })
    .join('\n');
}
