import { setTimeout as sleep } from 'node:timers/promises';
import { cpuSeconds, postgresCpuSeconds, residentKiB } from '../harness/footprint.mjs';
import { repeat } from '../harness/rows.mjs';
import { median } from '../harness/statistics.mjs';

const IDLE_SECONDS = 5;

/** Statements over all tenants, which run with every poll, scrape or purge. */
const SCANS = {
  'streams behind': 'SELECT count(*) FROM streams_behind(1000)',
  'relay backlog': 'SELECT relay_backlog()',
  'investigation queues': 'SELECT count(*) FROM investigation_queues(100)',
  'oldest event wanted': 'SELECT oldest_event_wanted()',
  purge: 'SELECT purge_expired(5000)',
};

export function cpu({ product, worker, database }) {
  return {
    api: cpuSeconds(product.pid),
    worker: cpuSeconds(worker.pid),
    postgres: postgresCpuSeconds(database.pid),
  };
}

/** CPU of a server that only keeps streams open. */
export async function idleCpu(context, streams) {
  await sleep(1000);
  const before = cpu(context);
  await sleep(IDLE_SECONDS * 1000);
  const after = cpu(context);
  const share = (name) => `${name} ${(((after[name] - before[name]) / IDLE_SECONDS) * 100).toFixed(1)} %`;
  return `  idle, with ${streams} streams, CPU: ${Object.keys(after).map(share).join(', ')}`;
}

/** What grows with the number of tenants: memory, scrapes, and statements over all tenants. */
export async function* tenantCosts({ product, worker, database }) {
  for (const [name, process] of Object.entries({ api: product, worker })) {
    const { ms, bytes, lines } = await timeScrape(process.url);
    yield `  ${name}: ${Math.round(residentKiB(process.pid) / 1024)} MiB resident; /metrics ${lines} lines, ${bytes} bytes, ${ms.toFixed(0)} ms`;
  }
  for (const [name, sql] of Object.entries(SCANS))
    yield `  ${name}: ${(await timeQuery(database, sql)).toFixed(1)} ms`;
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
