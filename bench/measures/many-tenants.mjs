import { checkTriaged, connectToAllTenants, waitUntilRelayed } from '../harness/all-tenants.mjs';
import { runLoad } from '../harness/load.mjs';
import { compareWithPeer } from '../harness/rows.mjs';
import { SseReader } from '../harness/sse-reader.mjs';
import { waitUntil } from '../harness/wait-until.mjs';
import { CONNECTIONS } from './alerts.mjs';
import { cpu, idleCpu, tenantCosts } from './tenant-costs.mjs';

const STREAMS = 100;

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
  yield await idleCpu(context, STREAMS);

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
    work: `alerts of ${count} tenants at ${rate}/s, triaged and delivered, CPU each`,
    unit: 'µs',
    runs,
    lowerIsBetter: true,
    subject: { name: `CauseFlow, ${count} tenants`, measure: measure('many', nextSenders) },
    peer: { name: `CauseFlow, ${few} of them`, measure: measure('few', () => senders.slice(0, few)) },
  });
  yield table(figures, { many: `${count} tenants`, few: `${few} tenants` });
  const frames = await checkStreams(streams, database);
  yield `  ${frames.toLocaleString('en')} frames on ${STREAMS} streams, none lost, none repeated`;
  yield* tenantCosts(context);
  await database.client.end();
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
    await waitUntil(() => ids.length >= log.length, { timeoutMs: 120_000, pollMs: 100, problem });
    reader.close();
    if (log.length !== ids.length || log.some(({ id }, i) => id !== ids[i]))
      throw new Error(`WRONG: the stream of ${tenantId} differs from its log`);
    frames += ids.length;
  }
  if (frames === 0) throw new Error('WRONG: no stream received any event');
  return frames;
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
