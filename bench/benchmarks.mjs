import { insertTenants } from './harness/insert-tenants.mjs';
import { freeCores } from './harness/machine.mjs';
import { startNats } from './harness/nats.mjs';
import { seed, startProduct } from './harness/processes.mjs';
import { registerSenders, signIn } from './harness/senders.mjs';
import { startAlertmanager } from './peers/alertmanager.mjs';
import { startNchan } from './peers/nchan.mjs';
import { startGeneratedNest, startNodeHttp } from './peers/start.mjs';
import { duplicates, nativeAlerts, pacedAlerts, twoProcesses } from './measures/alert-variants.mjs';
import { newAlerts, verifyStored } from './measures/alerts.mjs';
import { backlogs } from './measures/backlogs.mjs';
import { burst as burstBelowThreshold, investigationBurst } from './measures/burst.mjs';
import { openEventWriter } from './measures/event-writer.mjs';
import { idleCosts } from './measures/idle.mjs';
import { investigations } from './measures/investigations.mjs';
import { eventLatency } from './measures/latency.mjs';
import { lists } from './measures/lists.mjs';
import { manyTenants } from './measures/many-tenants.mjs';
import { resume } from './measures/resume.mjs';
import { soak as measureSoak } from './measures/soak.mjs';
import { deliveries, streamMemory } from './measures/streams.mjs';

const TENANTS = 8;

/** For two servers, PostgreSQL and the load generator. */
const CORES = 4;
const MIN_FREE_CORES = CORES - 0.5;

/** The benchmarks by their `--only` names. Each yields rows for the report, and text. */
export const benchmarks = {
  alerts,
  natives,
  repeats,
  pace,
  processes,
  streams,
  latency,
  resumes,
  reads,
  cases,
  burst,
  idle,
  soak,
  tenants,
};

async function startReceiver(databases, env = {}) {
  const databaseUrl = await databases.create();
  const server = await startProduct(databaseUrl, { ROLE: 'api', ...env });
  const senders = await registerSenders(server.url, TENANTS);
  const product = { ...server, databaseUrl, senders };
  return { ...product, verify: verifyStored(product) };
}

async function* alerts(databases, { peers, runs, seconds }) {
  const product = await startReceiver(databases);
  const started = [];
  if (peers) {
    const plain = await startNodeHttp(await databases.create());
    started.push({ ...plain, verify: verifyStored(plain) });
    started.push(await startGeneratedNest(await databases.create({ empty: true })));
    const alertmanager = await tryToStart(startAlertmanager);
    if (alertmanager.name) started.push(alertmanager);
    else yield notMeasured('Alertmanager', 'prometheus-alertmanager', alertmanager);
  }
  yield* newAlerts({ product, peers: started, runs, seconds });
  for (const { stop } of [product, ...started]) await stop();
}

async function* natives(databases, plan) {
  const product = await startReceiver(databases);
  yield* nativeAlerts({ product, ...plan });
  await product.stop();
}

async function* repeats(databases, plan) {
  const product = await startReceiver(databases);
  yield* duplicates({ product, ...plan });
  await product.stop();
}

async function* pace(databases, plan) {
  const product = await startReceiver(databases);
  yield* pacedAlerts({ product, ...plan });
  await product.stop();
}

async function* processes(databases, plan) {
  const free = await freeCores();
  if (free < MIN_FREE_CORES && !plan.anyway) {
    yield `alert two processes: NOT MEASURED: it needs ${CORES} free cores and ${free.toFixed(1)} are free (--anyway measures regardless)`;
    return;
  }
  const product = await startReceiver(databases);
  const second = await startProduct(product.databaseUrl, { ROLE: 'api' });
  yield* twoProcesses({ product, second, ...plan });
  await second.stop();
  await product.stop();
}

async function startPublisher(databases) {
  const product = await startReceiver(databases, { PING_INTERVAL_SECONDS: '3600' });
  const [sender] = product.senders;
  const writer = await openEventWriter(product.databaseUrl, sender.tenantId);
  const stream = {
    url: product.url,
    path: '/v1/notifications/stream',
    headers: `Authorization: Bearer ${sender.key}\r\n`,
  };
  return { ...product, ...writer, name: 'CauseFlow', sender, stream };
}

async function* streams(databases, { peers, runs, quick }) {
  const product = await startPublisher(databases);
  const nchan = peers ? await tryToStart(startNchan) : {};
  if (peers && !nchan.name) yield notMeasured('nchan', 'nginx libnginx-mod-nchan', nchan);
  const sizes = quick ? [1_000] : [1_000, 5_000];
  for (const clients of sizes) {
    yield* deliveries({ product, peers: nchan.name ? [nchan] : [], clients, runs });
  }
  await product.end();
  await nchan.stop?.();
  await product.stop();
  for (const clients of sizes) {
    yield* streamMemory({ start: () => startPublisher(databases), clients, runs: quick ? 1 : runs });
  }
}

async function* latency(databases, { runs, seconds, quick }) {
  const product = await startReceiver(databases);
  const { url: sendTo, senders, databaseUrl } = product;
  const plan = { sendTo, senders, runs, seconds };
  yield* eventLatency({ ...plan, path: 'one process', readFrom: sendTo });
  const second = await startProduct(databaseUrl, { ROLE: 'api' });
  yield* eventLatency({ ...plan, path: 'another replica by PostgreSQL', readFrom: second.url });
  await second.stop();
  await product.stop();
  if (quick) return;
  const nats = await startNats();
  if (!nats) {
    yield notMeasured('NATS', 'nats-server', { reason: 'it is not installed' });
    return;
  }
  const env = { ROLE: 'all', NATS_URL: nats.url };
  const sending = await startReceiver(databases, env);
  const reading = await startProduct(sending.databaseUrl, { ...env, ROLE: 'api' });
  yield* eventLatency({
    ...plan,
    path: 'another replica by NATS',
    sendTo: sending.url,
    senders: sending.senders,
    readFrom: reading.url,
  });
  for (const { stop } of [reading, sending, nats]) await stop();
}

async function* resumes(databases, { runs }) {
  const product = await startPublisher(databases);
  yield* resume({ product, writer: product, sender: product.sender, runs });
  await product.end();
  await product.stop();
}

async function* reads(databases, { quick, incidents }) {
  const databaseUrl = await databases.create();
  yield `seeding ${incidents} incidents and ${incidents * 10} events`;
  const passwords = await seed(databaseUrl, { incidents, tenants: 2 });
  const server = await startProduct(databaseUrl, { ROLE: 'api' });
  const people = await signIn(server.url, passwords);
  yield* lists({ product: { ...server, databaseUrl }, people, requests: quick ? 50 : 200 });
  await server.stop();
}

async function* cases(databases, { runs }) {
  const product = await startReceiver(databases, { ROLE: 'all', INVESTIGATIONS_PER_TENANT: '4' });
  yield* investigations({ product, sender: product.senders[0], runs });
  await product.stop();
}

async function* burst(databases, { burstSeconds }) {
  const limit = 2;
  const start = async () => {
    const product = await startReceiver(databases);
    const env = { ROLE: 'worker', INVESTIGATIONS_PER_TENANT: String(limit) };
    const worker = await startProduct(product.databaseUrl, env);
    return { product, stop: () => Promise.all([product.stop(), worker.stop()]) };
  };
  const below = await start();
  yield* burstBelowThreshold({ ...below, senders: below.product.senders, seconds: burstSeconds });
  await below.stop();
  const above = await start();
  const seconds = Math.min(burstSeconds, 5);
  yield* investigationBurst({
    ...above,
    senders: above.product.senders,
    seconds,
    watchSeconds: 4 * seconds,
    limit,
  });
  await above.stop();
}

async function* soak(databases, { minutes }) {
  const product = await startPublisher(databases);
  const worker = await startProduct(product.databaseUrl, { ROLE: 'worker' });
  yield* measureSoak({ product, worker, senders: product.senders, minutes });
  await product.end();
  await worker.stop();
  await product.stop();
}

async function* tenants(databases, { tenants: count, rate, tenantSeconds: seconds, runs }) {
  const databaseUrl = await databases.create();
  yield `inserting ${count.toLocaleString('en')} tenants`;
  const senders = await insertTenants(databaseUrl, count);
  const product = await startProduct(databaseUrl, { ROLE: 'api' });
  const worker = await startProduct(databaseUrl, { ROLE: 'worker' });
  const plan = { product: { ...product, databaseUrl }, worker, senders, few: TENANTS, rate, seconds };
  yield* manyTenants({ ...plan, runs: Math.min(runs, 3) });
  await worker.stop();
  const startWorker = () => startProduct(databaseUrl, { ROLE: 'worker' });
  yield* backlogs({ product: plan.product, startWorker, senders, runs: Math.min(runs, 3) });
  await product.stop();
}

async function* idle(_databases, { runs, quick }) {
  yield* idleCosts({ runs: Math.min(runs, 3), quick });
}

/** Third-party software may be missing or may not run on this machine. */
async function tryToStart(start) {
  try {
    return (await start()) ?? { reason: 'it is not installed' };
  } catch (error) {
    return { reason: error.message };
  }
}

function notMeasured(name, packages, { reason }) {
  return `NOT MEASURED: ${name} (Debian: ${packages}): ${reason}`;
}
