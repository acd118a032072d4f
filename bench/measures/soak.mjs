import { readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { alone } from '../harness/alternate.mjs';
import { watchCosts } from '../harness/costs.mjs';
import { atOnce } from '../harness/database.mjs';
import { residentKiB } from '../harness/footprint.mjs';
import { FrameReader } from '../harness/frames.mjs';
import { load } from '../harness/load.mjs';
import { seriesOf } from '../harness/scrape.mjs';
import { median } from '../harness/statistics.mjs';
import { Readers } from '../harness/streams.mjs';
import { CONNECTIONS, received } from './alerts.mjs';
import { judge, SAMPLE_SECONDS } from './soak-verdict.mjs';

const STREAMS = 100;
/** What one alert below the threshold leaves on the disk, with room for WAL; see docs/scaling.md. */
const BYTES_AN_ALERT = 6_000;
/** Left free whatever happens. */
const RESERVE_BYTES = 5e9;
const PATIENCE_MS = 120_000;
/** Of less nothing can be said. */
const LEAST_SECONDS = 600;

/** Half of what the process can take, for long, with streams open; then whether memory and delays stayed where they were. */
export async function* soak({ product, worker, senders, minutes }) {
  const peaks = [];
  for (let run = 0; run < 4; run += 1) peaks.push(await received(product, 3));
  const rate = Math.round(median(peaks.slice(1)) / 2);
  const seconds = await affordable(rate, minutes * 60);
  yield `soak: ${rate} alerts/s for ${Math.round(seconds / 60)} min need ${gigabytes(rate * seconds * BYTES_AN_ALERT)} of disk`;
  if (seconds < minutes * 60)
    yield `  NOT ALL OF IT: the disk has room for ${(seconds / 60).toFixed(1)} min of ${minutes}`;
  if (seconds < 3 * SAMPLE_SECONDS) return;

  // What the peaks left is done first: the streams begin where nothing moves.
  await quiet(product, senders);
  const watched = await watchStreams(product, senders);
  const others = new Readers();
  await others.open({ ...product.stream, clients: STREAMS - senders.length });
  const costs = await watchCosts(product, worker);
  const samples = [];
  const problems = [];
  let alerts = 0;
  let checking = Promise.resolve();
  const check = ({ requests, ids }) => {
    // One after the other; a check that fell behind would otherwise meet the next one.
    checking = checking
      .then(async () => {
        alerts += requests;
        await checkStored(product, senders, ids);
        await watched.check();
      })
      .catch((error) => problems.push(error));
  };
  const take = (window) => {
    const sampled = sample({ product, worker, costs, ...window }).then((each) => samples.push(each));
    sampled.catch((error) => problems.push(error));
    check(window);
  };
  const last = await load(
    {
      ...{ urls: [product.url], kind: 'alert', senders, connections: CONNECTIONS, seconds, rate },
      ...{ expect: [202], windows: SAMPLE_SECONDS },
    },
    take,
  );
  check(last);
  await checking;
  await costs.end();
  yield table(samples);
  if (problems.length > 0) throw problems[0];
  await watched.settle(PATIENCE_MS);
  others.close();
  const verdicts = judge(samples, rate);
  yield verdicts.map(({ text }) => `  ${text}`).join('\n');
  const verdict = verdicts.every(({ flat }) => flat) ? 'FLAT' : 'NOT FLAT';
  const told = seconds < LEAST_SECONDS ? 'TOO SHORT TO SAY' : verdict;
  yield `soak: ${told}: ${alerts.toLocaleString('en')} alerts, every one stored; ${watched.frames().toLocaleString('en')} frames, none missing, none twice`;
  for (const [figure, unit] of [
    ['p99, ms', 'ms'],
    ['resident, MiB', 'MiB'],
  ]) {
    const values = samples.map((each) => each[figure]);
    yield await alone({
      ...{
        work: `soak of ${Math.round(seconds / 60)} min at half of the peak, ${figure.split(',')[0]}`,
        unit,
      },
      runs: 1,
      subject: { name: `CauseFlow at ${rate} alerts/s`, measure: async () => median(values) },
    });
  }
}

/** @returns how many of the seconds wanted there is disk for */
async function affordable(rate, wanted) {
  const { bavail, bsize } = await statfs(tmpdir());
  const room = bavail * bsize - RESERVE_BYTES;
  return Math.max(0, Math.min(wanted, Math.floor(room / (rate * BYTES_AN_ALERT))));
}

function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

async function quiet({ databaseUrl }, senders) {
  const ids = senders.map(({ tenantId }) => tenantId);
  const isBehind = 'SELECT FROM event_stream WHERE relayed < seq LIMIT 1';
  for (
    const begun = performance.now();
    (await atOnce(databaseUrl, isBehind, [], ids)).length > 0;
    await sleep(200)
  ) {
    if (performance.now() - begun > PATIENCE_MS) throw new Error('WRONG: the relay does not come to an end');
  }
}

/** One reader a tenant, whose frames are compared with the log, in its order. */
async function watchStreams({ url, databaseUrl }, senders) {
  let frames = 0;
  const streams = await Promise.all(
    senders.map(async ({ tenantId, key }) => {
      const stream = { tenantId, ids: [], place: 0 };
      const reader = new FrameReader(({ id }) => stream.ids.push(id));
      await reader.open(url, key);
      const [{ seq }] = await logged(
        'SELECT seq::int FROM event_stream WHERE tenant_id = $1',
        [tenantId],
        tenantId,
      );
      return Object.assign(stream, { reader, place: seq });
    }),
  );
  function logged(sql, parameters, tenantId) {
    return atOnce(databaseUrl, sql, parameters, [tenantId]);
  }
  /** Compares what has come so far. */
  async function check() {
    for (const stream of streams) {
      const { tenantId, place, reader } = stream;
      if (reader.ended) throw new Error(`WRONG: a stream ended at ${place}`);
      const came = stream.ids.splice(0, stream.ids.length);
      if (came.length === 0) continue;
      const sql = 'SELECT id FROM events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3';
      const rows = await logged(sql, [tenantId, place, came.length], tenantId);
      const wrong = rows.findIndex(({ id }, at) => id !== came[at]);
      if (rows.length !== came.length || wrong !== -1)
        throw new Error(
          `WRONG: a stream differs from the log at ${place + 1 + (wrong === -1 ? rows.length : wrong)}`,
        );
      stream.place += came.length;
      frames += came.length;
    }
  }
  async function settle(patience) {
    const begun = performance.now();
    for (;;) {
      await check();
      const heads = await atOnce(
        databaseUrl,
        'SELECT tenant_id, seq::int, relayed::int FROM event_stream',
        [],
        senders.map(({ tenantId }) => tenantId),
      );
      const isWhole = heads.every(
        ({ tenant_id, seq, relayed }) =>
          relayed === seq && streams.find(({ tenantId }) => tenantId === tenant_id).place === seq,
      );
      if (isWhole) break;
      if (performance.now() - begun > patience) throw new Error('WRONG: events do not reach their readers');
      await sleep(200);
    }
    for (const { reader } of streams) reader.close();
  }
  return { check, settle, frames: () => frames };
}

async function checkStored({ databaseUrl }, senders, ids) {
  const tenants = senders.map(({ tenantId }) => tenantId);
  const [{ stored }] = await atOnce(
    databaseUrl,
    'SELECT count(*)::int AS stored FROM incidents WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2)',
    [ids, tenants],
    tenants,
  );
  if (stored !== ids.length)
    throw new Error(`WRONG: ${ids.length} alerts were answered, ${stored} are stored`);
}

async function sample({ product, worker, costs, requests, p50, p99 }) {
  const [own, its] = await Promise.all([seriesOf(product.url), seriesOf(worker.url)]);
  const [{ connections, tables, months }] = await atOnce(
    product.databaseUrl,
    `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()) AS connections,
            sum(pg_total_relation_size(oid)) FILTER (WHERE relname !~ '^events_')::float8 AS tables,
            sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^events_')::float8 AS months
       FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  const MiB = 2 ** 20;
  return {
    'resident, MiB': residentKiB(product.pid) / 1024,
    'heap, MiB': heapOf(own) / MiB,
    'worker resident, MiB': residentKiB(worker.pid) / 1024,
    'worker heap, MiB': heapOf(its) / MiB,
    'p50, ms': p50,
    'p99, ms': p99,
    'relay backlog': its.get('causeflow_relay_backlog_events') ?? 0,
    'tables, MiB': tables / MiB,
    'events, MiB': months / MiB,
    connections,
    'file handles': readdirSync(`/proc/${product.pid}/fd`).length,
    ...(await costs.look(requests)),
  };
}

function heapOf(series) {
  return series.get('causeflow_process_heap_bytes') ?? 0;
}

function table(samples) {
  const columns = Object.keys(samples[0]);
  const lines = samples.map((each, at) =>
    [`${(at + 1) * SAMPLE_SECONDS}`, ...columns.map((column) => (each[column] ?? NaN).toFixed(1))].join('\t'),
  );
  return [['second', ...columns].join('\t'), ...lines].join('\n');
}
