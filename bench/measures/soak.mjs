import { readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { openCostMeter } from '../harness/cost-meter.mjs';
import { queryOnce } from '../harness/database.mjs';
import { residentKiB } from '../harness/footprint.mjs';
import { runLoad } from '../harness/load.mjs';
import { scrapeMetrics } from '../harness/metrics.mjs';
import { repeat, withoutPeer } from '../harness/rows.mjs';
import { SseReader } from '../harness/sse-reader.mjs';
import { median } from '../harness/statistics.mjs';
import { StreamClients } from '../harness/stream-clients.mjs';
import { waitUntil } from '../harness/wait-until.mjs';
import { alertRate, CONNECTIONS } from './alerts.mjs';
import { judge, SAMPLE_SECONDS } from './soak-verdict.mjs';

const STREAMS = 100;
/** Disk per alert below the threshold, with room for WAL; see docs/scaling.md. */
const BYTES_PER_ALERT = 6_000;
/** Disk space that is never used. */
const RESERVE_BYTES = 5e9;
const POLLING = { timeoutMs: 120_000, pollMs: 200 };
/** A shorter soak has no verdict. */
const MIN_VERDICT_SECONDS = 600;

/** Half of the process's peak throughput for a long time, with open streams; then whether memory and latency stayed flat. */
export async function* soak({ product, worker, senders, minutes }) {
  const peaks = await repeat(4, () => alertRate(product, 3));
  const rate = Math.round(median(peaks.slice(1)) / 2);
  const seconds = await affordableSeconds(rate, minutes * 60);
  yield `soak: ${rate} alerts/s for ${Math.round(seconds / 60)} min need ${gigabytes(rate * seconds * BYTES_PER_ALERT)} of disk`;
  if (seconds < minutes * 60)
    yield `  SHORTENED: the disk has room for ${(seconds / 60).toFixed(1)} of ${minutes} min`;
  if (seconds < 3 * SAMPLE_SECONDS) return;

  const { samples, alerts, problems, verifier } = await runSoak({ product, worker, senders, rate, seconds });
  yield table(samples);
  if (problems.length > 0) throw problems[0];
  await verifier.finish();
  const verdicts = judge(samples, rate);
  yield verdicts.map(({ text }) => `  ${text}`).join('\n');
  const flat = verdicts.every((verdict) => verdict.flat) ? 'FLAT' : 'NOT FLAT';
  const verdict = seconds < MIN_VERDICT_SECONDS ? 'TOO SHORT FOR A VERDICT' : flat;
  yield `soak: ${verdict}: ${alerts.toLocaleString('en')} alerts, all stored; ${verifier.frames.toLocaleString('en')} frames, none lost, none repeated`;
  const units = { 'p99, ms': 'ms', 'resident, MiB': 'MiB' };
  for (const [figure, unit] of Object.entries(units)) {
    yield withoutPeer({
      work: `soak of ${Math.round(seconds / 60)} min at half of the peak, ${figure.split(',')[0]}`,
      unit,
      subject: `CauseFlow at ${rate} alerts/s`,
      values: [median(samples.map((sample) => sample[figure]))],
    });
  }
}

/** Runs the load, with a sample and a check of alerts and frames per window. */
async function runSoak({ product, worker, senders, rate, seconds }) {
  // Events of the peaks would otherwise arrive while the streams open.
  await waitUntil(() => isRelayed(product, senders), { ...POLLING, problem: 'the relay does not catch up' });
  const verifier = await StreamVerifier.open(product, senders);
  const others = new StreamClients();
  await others.open({ ...product.stream, clients: STREAMS - senders.length });
  const costs = await openCostMeter(product, worker);
  const samples = [];
  const problems = [];
  let alerts = 0;
  let checks = Promise.resolve();
  const check = ({ requests, ids }) => {
    alerts += requests;
    // Sequential: a check that takes longer than a window must not overlap with the next one.
    checks = checks
      .then(() => checkStored(product, senders, ids))
      .then(() => verifier.check())
      .catch((error) => problems.push(error));
  };
  const onWindow = (window) => {
    takeSample({ product, worker, costs, ...window })
      .then((sample) => samples.push(sample))
      .catch((error) => problems.push(error));
    check(window);
  };
  const lastWindow = await runLoad(
    {
      urls: [product.url],
      kind: 'alert',
      senders,
      connections: CONNECTIONS,
      seconds,
      rate,
      expect: [202],
      windowSeconds: SAMPLE_SECONDS,
    },
    onWindow,
  );
  check(lastWindow);
  await checks;
  await costs.end();
  others.close();
  return { samples, alerts, problems, verifier };
}

/** @returns for how many of the wanted seconds there is disk space */
async function affordableSeconds(rate, wanted) {
  const { bavail, bsize } = await statfs(tmpdir());
  const available = bavail * bsize - RESERVE_BYTES;
  return Math.max(0, Math.min(wanted, Math.floor(available / (rate * BYTES_PER_ALERT))));
}

function gigabytes(bytes) {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

async function isRelayed({ databaseUrl }, senders) {
  const tenantIds = senders.map(({ tenantId }) => tenantId);
  const sql = 'SELECT FROM event_stream WHERE relayed < seq LIMIT 1';
  return (await queryOnce(databaseUrl, sql, [], tenantIds)).length === 0;
}

/** One stream per tenant whose frames are compared with the tenant's log, in order. */
class StreamVerifier {
  frames = 0;
  #databaseUrl;
  #streams;

  constructor(databaseUrl, streams) {
    this.#databaseUrl = databaseUrl;
    this.#streams = streams;
  }

  static async open({ url, databaseUrl }, senders) {
    const streams = await Promise.all(
      senders.map(async ({ tenantId, key }) => {
        const ids = [];
        const reader = new SseReader(({ id }) => ids.push(id));
        await reader.open(url, key);
        const sql = 'SELECT seq::int FROM event_stream WHERE tenant_id = $1';
        const [{ seq }] = await queryOnce(databaseUrl, sql, [tenantId], [tenantId]);
        return { tenantId, ids, reader, seq };
      }),
    );
    return new StreamVerifier(databaseUrl, streams);
  }

  /** Compares the frames received since the last check with the log. */
  async check() {
    for (const stream of this.#streams) {
      const { tenantId, reader, seq } = stream;
      if (reader.ended) throw new Error(`WRONG: a stream was closed at sequence number ${seq}`);
      const ids = stream.ids.splice(0);
      if (ids.length === 0) continue;
      const log = await queryOnce(
        this.#databaseUrl,
        'SELECT id FROM events WHERE tenant_id = $1 AND seq > $2 ORDER BY seq LIMIT $3',
        [tenantId, seq, ids.length],
        [tenantId],
      );
      const difference = ids.findIndex((id, i) => id !== log[i]?.id);
      if (difference !== -1)
        throw new Error(`WRONG: a stream differs from the log at sequence number ${seq + 1 + difference}`);
      stream.seq += ids.length;
      this.frames += ids.length;
    }
  }

  /** Waits until every event is relayed and received, then closes the streams. */
  async finish() {
    const isComplete = async () => {
      await this.check();
      const received = new Map(this.#streams.map(({ tenantId, seq }) => [tenantId, seq]));
      const sql = 'SELECT tenant_id, seq::int, relayed::int FROM event_stream';
      const logs = await queryOnce(this.#databaseUrl, sql, [], [...received.keys()]);
      return logs.every(({ tenant_id, seq, relayed }) => relayed === seq && received.get(tenant_id) === seq);
    };
    await waitUntil(isComplete, { ...POLLING, problem: 'events were not delivered to their streams' });
    for (const { reader } of this.#streams) reader.close();
  }
}

async function checkStored({ databaseUrl }, senders, ids) {
  const tenantIds = senders.map(({ tenantId }) => tenantId);
  const [{ stored }] = await queryOnce(
    databaseUrl,
    'SELECT count(*)::int AS stored FROM incidents WHERE incident_id = ANY ($1) AND tenant_id = ANY ($2)',
    [ids, tenantIds],
    tenantIds,
  );
  if (stored !== ids.length)
    throw new Error(`WRONG: ${stored} of ${ids.length} acknowledged alerts are stored`);
}

async function takeSample({ product, worker, costs, requests, p50, p99 }) {
  const [productMetrics, workerMetrics] = await Promise.all([product.url, worker.url].map(scrapeMetrics));
  const [{ connections, tables, partitions }] = await queryOnce(
    product.databaseUrl,
    `SELECT (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()) AS connections,
            sum(pg_total_relation_size(oid)) FILTER (WHERE relname !~ '^events_')::float8 AS tables,
            sum(pg_total_relation_size(oid)) FILTER (WHERE relname ~ '^events_')::float8 AS partitions
       FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  );
  const MiB = 2 ** 20;
  return {
    'resident, MiB': residentKiB(product.pid) / 1024,
    'heap, MiB': heapOf(productMetrics) / MiB,
    'worker resident, MiB': residentKiB(worker.pid) / 1024,
    'worker heap, MiB': heapOf(workerMetrics) / MiB,
    'p50, ms': p50,
    'p99, ms': p99,
    'relay backlog': workerMetrics.get('causeflow_relay_backlog_events') ?? 0,
    'tables, MiB': tables / MiB,
    'events, MiB': partitions / MiB,
    connections,
    'file handles': readdirSync(`/proc/${product.pid}/fd`).length,
    ...(await costs.read(requests)),
  };
}

function heapOf(metrics) {
  return metrics.get('causeflow_process_heap_bytes') ?? 0;
}

function table(samples) {
  const columns = Object.keys(samples[0]);
  const lines = samples.map((sample, i) =>
    [`${(i + 1) * SAMPLE_SECONDS}`, ...columns.map((column) => (sample[column] ?? NaN).toFixed(1))].join(
      '\t',
    ),
  );
  return [['second', ...columns].join('\t'), ...lines].join('\n');
}
