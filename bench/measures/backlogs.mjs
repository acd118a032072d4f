import { checkTriaged, connectToAllTenants, waitUntilRelayed } from '../harness/all-tenants.mjs';
import { cpuSeconds, postgresCpuSeconds } from '../harness/footprint.mjs';
import { runLoad } from '../harness/load.mjs';
import { repeat, withoutPeer } from '../harness/rows.mjs';
import { median } from '../harness/statistics.mjs';
import { CONNECTIONS } from './alerts.mjs';

/** Small enough to be quick, large enough for a worker that has just started to reach its full speed. */
const BACKLOG = 5_000;
const LOAD_TIMEOUT_SECONDS = 120;

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
    seconds: LOAD_TIMEOUT_SECONDS,
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
